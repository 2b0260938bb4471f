//! The HTTP API for tests in any language.

use std::fmt::Write as _;
use std::io::Write;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dt_metrics_local::Server;
use serde_json::{Value, json};

use crate::client::{API, LONG, Reply, TEXT, connect, ingest, post, raw, request};

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

fn get(server: &Server, path: &str) -> Reply {
    raw(server.address(), &request("GET", path, &[], b""))
}

fn send(server: &Server, method: &str, path: &str, body: &str) -> Reply {
    raw(
        server.address(),
        &request(method, path, &[], body.as_bytes()),
    )
}

fn read(server: &Server, path: &str) -> Value {
    let reply = get(server, path);
    assert_eq!(reply.status, 200, "{path}");
    assert_eq!(reply.header("content-type"), Some("application/json"));
    reply.json()
}

#[test]
fn series_have_their_totals_and_their_newest_points() {
    let server = server();
    assert_eq!(
        read(&server, "/api/series"),
        json!({"points": 0, "series": []})
    );
    ingest(
        &server,
        "#orders count dt.meta.unit=\"{order}\",dt.meta.description=\"Orders, by region\"\n\
         orders,region=eu,tier=gold count,delta=3\n\
         orders,region=eu,tier=gold count,delta=4.5\n\
         queue.depth 7\n\
         latency,route=\"/a b\" gauge,min=1,max=4,sum=5,count=2\n\
         latency,route=\"/a b\" gauge,min=2,max=2,sum=2,count=1",
    );
    let orders = json!({
        "metric": "orders", "kind": "count", "dimensions": {"region": "eu", "tier": "gold"},
        "unit": "{order}", "description": "Orders, by region",
        "total": 7.5, "values": 2, "points": 2, "newest": {"delta": 4.5},
    });
    let depth = json!({
        "metric": "queue.depth", "kind": "gauge", "dimensions": {},
        "unit": null, "description": null,
        "total": 7.0, "values": 1, "points": 1, "newest": {"value": 7.0},
    });
    let latency = json!({
        "metric": "latency", "kind": "summary", "dimensions": {"route": "/a b"},
        "unit": null, "description": null,
        "total": 7.0, "values": 3, "points": 2,
        "newest": {"min": 2.0, "max": 2.0, "sum": 2.0, "count": 1},
    });
    let all = json!({"points": 5, "series": [orders, depth, latency]});
    assert_eq!(read(&server, "/api/series"), all);
    let one = json!({"points": 5, "series": [depth]});
    assert_eq!(read(&server, "/api/series?metric=queue.depth"), one);
    let none = json!({"points": 5, "series": []});
    assert_eq!(read(&server, "/api/series?metric=queue"), none);
}

#[test]
fn refused_lines_have_their_reasons() {
    let server = server();
    ingest(&server, "orders count,delta=1\nab 1\nOrders,Region=eu 1");
    let refused = read(&server, "/api/refused");
    assert_eq!(refused["total"], 2);
    let newest = json!({
        "number": 2, "text": "Orders,Region=eu 1", "line": 3, "column": 8, "request": 1,
        "reason": "dimension key may not contain 'R', column 8",
    });
    assert_eq!(refused["refused"][0], newest);
    assert_eq!(refused["refused"][1]["text"], "ab 1");
    assert_eq!(refused["refused"].as_array().map(Vec::len), Some(2));
}

#[test]
fn requests_have_their_answers() {
    let server = server();
    server.fail_next(1, 503).unwrap();
    ingest(&server, "orders count,delta=1");
    ingest(&server, "orders count,delta=1");
    let requests = read(&server, "/api/requests");
    assert_eq!(requests["total"], 2);
    let all = requests["requests"].as_array().unwrap();
    let statuses: Vec<_> = all.iter().map(|it| it["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(202), Some(503)]);
    assert_eq!(all[0]["lines"], 1);
    assert_eq!(all[0]["path"], "/api/v2/metrics/ingest");
    // Reading does not count as a request with metrics.
    assert_eq!(read(&server, "/api/requests")["total"], 2);
}

#[test]
fn a_reset_forgets_received_data_and_nothing_else() {
    let server = server();
    ingest(&server, "orders count,delta=1\nab 1");
    server.fail_next(1, 503).unwrap();
    let reply = post(&server, "/api/reset", &[], "");
    assert_eq!((reply.status, &*reply.body), (204, ""));
    for path in ["/api/series", "/api/refused", "/api/requests"] {
        let all = read(&server, path);
        let lists: Vec<_> = all.as_object().unwrap().values().collect();
        let is_empty = |it: &&Value| it.as_u64() == Some(0) || **it == json!([]);
        assert!(lists.iter().all(is_empty), "{path}: {all}");
    }
    assert_eq!(server.totals(), Server::totals(&self::server()));
    assert!(server.lines().is_empty() && server.rejected().is_empty());
    assert_eq!(ingest(&server, "orders count,delta=2").status, 503);
    assert_eq!(ingest(&server, "orders count,delta=2").status, 202);
    assert_eq!(read(&server, "/api/series")["series"][0]["total"], 2.0);
    // A reset changes the state, so it is not a GET.
    assert_eq!(get(&server, "/api/reset").status, 404);
    assert_eq!(read(&server, "/api/series")["points"], 1);
}

/// The output of `catalog_json` for a counter.
const CATALOG: &str = r#"[{"name":"orders","kind":"counter","unit":"1","description":"Orders","dimension_keys":["region"],
    "objective":{"success":0.99},"module_path":"shop","file":"src/shop.rs","line":7,"conflict":null}]"#;

#[test]
fn programs_hand_their_catalogues_over() {
    let server = server();
    assert_eq!(read(&server, "/api/catalog"), json!({"programs": []}));
    let add = |body: &str| send(&server, "PUT", "/api/catalog", body).status;
    assert_eq!(add(CATALOG), 204);
    let of = |service: &str, prefix: &str| {
        format!(
            r#"{{"service":"{service}","prefix":"{prefix}","sources":"/src","instruments":{CATALOG}}}"#
        )
    };
    assert_eq!(add(&of("a", "shop")), 204);
    // The program `a` a second time, then the program `b`.
    assert_eq!(add(&of("a", "shop")), 204);
    assert_eq!(add(&of("b", "shop")), 204);
    let programs = read(&server, "/api/catalog");
    let programs = programs["programs"].as_array().unwrap();
    let of_all = |name: &str| {
        programs
            .iter()
            .map(|it| it[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of_all("service"), [json!(null), json!("a"), json!("b")]);
    let first = &programs[0]["instruments"][0];
    assert_eq!(first["key"], "orders");
    assert_eq!(programs[1]["instruments"][0]["key"], "shop.orders");
    assert_eq!(
        (&first["file"], &first["line"], &first["objective"]),
        (&json!("src/shop.rs"), &json!(7), &json!({"success": 0.99}))
    );
    // A catalogue is not a request of metrics, and a reset forgets it.
    assert_eq!(server.totals().requests, 0);
    let run = |server: &Server| {
        let reply = get(server, "/api/series");
        reply
            .header("x-dt-metrics-local-instance")
            .map(str::to_owned)
    };
    let before = run(&server).unwrap();
    server.reset();
    assert_ne!(run(&server).unwrap(), before);
    assert_eq!(read(&server, "/api/catalog"), json!({"programs": []}));
}

#[test]
fn invalid_catalogues_are_refused_with_the_reason() {
    let server = server();
    for body in [
        "",
        "no JSON",
        "{}",
        "[1]",
        r#"[{"name":"a"}]"#,
        "orders count,delta=1",
    ] {
        let reply = post(&server, "/api/catalog", &[], body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.body.contains("catalog_json"), "{}", reply.body);
    }
    let long = vec![b' '; 4 * 1024 * 1024 + 1];
    assert_eq!(post(&server, "/api/catalog", &[], long).status, 400);
    assert_eq!(read(&server, "/api/catalog"), json!({"programs": []}));
    // The oldest of too many programs is forgotten.
    for number in 0..70 {
        let body = format!(r#"{{"service":"{number}","instruments":[]}}"#);
        assert_eq!(post(&server, "/api/catalog", &[], body).status, 204);
    }
    let programs = read(&server, "/api/catalog");
    assert_eq!(programs["programs"].as_array().map(Vec::len), Some(64));
    assert_eq!(programs["programs"][0]["service"], "6");
}

#[test]
fn a_test_that_waits_sees_a_reset() {
    let server = server();
    ingest(&server, "orders count,delta=1");
    std::thread::scope(|scope| {
        let wait = scope.spawn(|| server.wait_for(LONG, |state| state.lines().len() == 0));
        server.reset();
        assert!(wait.join().unwrap());
    });
}

#[test]
fn an_outage_fails_all_ingest_requests_until_it_ends() {
    let server = server();
    assert_eq!(read(&server, "/api/outage")["fault"], Value::Null);
    let start = |query: &str| send(&server, "PUT", &format!("/api/outage?{query}"), "");
    let reply = start("fault=503&seconds=120");
    assert_eq!((reply.status, &reply.json()["fault"]), (200, &json!("503")));
    let outage = read(&server, "/api/outage");
    let left = outage["seconds_left"].as_f64().unwrap();
    assert!(left > 60.0 && left <= 120.0, "{left}");
    // Faults that were planned before stay planned.
    server.fail_next(1, 418).unwrap();
    for _ in 0..2 {
        assert_eq!(ingest(&server, "orders count,delta=1").status, 503);
    }
    assert_eq!(send(&server, "DELETE", "/api/outage", "").status, 204);
    assert_eq!(ingest(&server, "orders count,delta=1").status, 418);
    assert_eq!(ingest(&server, "orders count,delta=1").status, 202);

    for fault in ["hang", "reset"] {
        let query = format!("fault={fault}&seconds=600");
        assert_eq!(start(&query).status, 200);
        assert_eq!(read(&server, "/api/outage")["fault"], fault);
        let mut stream = connect(server.address());
        let sent = request("POST", API, &[TEXT], b"orders count,delta=1");
        // A reset may come before all is written.
        let _ = stream.write_all(&sent);
        assert!(server.wait_for(LONG, |state| {
            let newest = state.requests().next_back();
            newest.is_some_and(|request| request.status == 0)
        }));
        // The page and its controls work meanwhile.
        assert_eq!(get(&server, "/").status, 200);
        assert_eq!(send(&server, "DELETE", "/api/outage", "").status, 204);
        assert_eq!(ingest(&server, "orders count,delta=1").status, 202);
    }
    // No line of a request that failed was accepted.
    assert_eq!(server.counts()["orders"].to_string(), "3");
}

#[test]
fn an_outage_ends_by_itself() {
    let server = server();
    let begin = Instant::now();
    let path = "/api/outage?fault=500&seconds=1";
    assert_eq!(send(&server, "PUT", path, "").status, 200);
    while ingest(&server, "orders count,delta=1").status == 500 {
        assert!(begin.elapsed() < LONG);
    }
    assert!(begin.elapsed().as_millis() >= 1_000);
    let none = json!({"fault": null, "seconds_left": 0.0});
    assert_eq!(read(&server, "/api/outage"), none);
}

#[test]
fn an_outage_that_cannot_be_is_refused() {
    let server = server();
    for query in [
        "",
        "fault=503",
        "seconds=3",
        "fault=200&seconds=3",
        "fault=99999&seconds=3",
        "fault=none&seconds=3",
        "fault=503&seconds=0",
        "fault=503&seconds=601",
        "fault=503&seconds=-1",
    ] {
        let reply = send(&server, "PUT", &format!("/api/outage?{query}"), "");
        assert_eq!(reply.status, 400, "{query}");
        let advice = "?fault=503&seconds=30";
        assert!(reply.body.contains(advice), "{}", reply.body);
    }
    assert_eq!(ingest(&server, "orders count,delta=1").status, 202);
}

#[test]
fn the_history_of_a_metric_is_the_sum_over_its_series() {
    let server = server();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs() * 1_000;
    ingest(
        &server,
        &format!(
            "orders,region=eu count,delta=3 {now}\norders,region=us count,delta=4 {now}\n\
             latency,route=a gauge,min=1,max=4,sum=5,count=2 {now}\n\
             latency,route=b gauge,min=2,max=9,sum=20,count=3 {now}\n\
             open,region=eu gauge,10 {now}\nopen,region=us gauge,5 {now}\nother gauge,1 {now}"
        ),
    );
    let path = "/api/history?metrics=orders,latency,open,none&step=1";
    let history = read(&server, path);
    let points = |metric: usize| history["metrics"][metric]["points"].clone();
    assert_eq!(history["metrics"][0]["metric"], "orders");
    assert_eq!(points(0), json!([[now, 2.0, 3.0, 4.0, 7.0]]));
    assert_eq!(points(1), json!([[now, 5.0, 1.0, 9.0, 25.0]]));
    assert_eq!(points(2), json!([[now, 1.0, 15.0, 15.0, 15.0]]));
    assert_eq!(points(3), json!([]));
    assert_eq!(history["series"], json!([]));

    let path = "/api/history?metrics=orders&by=region&step=1";
    let split = &read(&server, path)["metrics"];
    let eu = json!({"metric": "orders", "value": "eu", "percentiles": null, "points": [[now, 1.0, 3.0, 3.0, 3.0]]});
    let us = json!({"metric": "orders", "value": "us", "percentiles": null, "points": [[now, 1.0, 4.0, 4.0, 4.0]]});
    assert_eq!(*split, json!([eu, us]));
    // As a client encodes it that encodes everything.
    let encoded = "/api/history?metrics=%6Frders%2Clatency&by=%72egion&step=1";
    assert_eq!(read(&server, encoded)["metrics"][0], split[0]);
    let path = "/api/history?metrics=orders&by=tier&step=1";
    let split = &read(&server, path)["metrics"];
    assert_eq!(split[0]["value"], Value::Null);
    assert_eq!(split[0]["points"][0][4], 7.0);
}

#[test]
fn a_request_has_its_lines_and_what_became_of_them() {
    let server = server();
    ingest(&server, "orders count,delta=1");
    ingest(
        &server,
        "orders,tier= count,delta=1\n\nab 1\n#orders count dt.meta.unit=s",
    );
    let request = read(&server, "/api/requests/2");
    let is_known = (&request["number"], &request["status"], &request["is_kept"]);
    assert_eq!(is_known, (&json!(2), &json!(400), &json!(true)));
    let reason = &request["content"][1]["reason"];
    assert!(reason.as_str().is_some_and(|it| it.contains("at least 3")));
    let note = "dimension \"tier\" is not stored, its value is empty";
    let content = json!([
        {"line": 1, "text": "orders,tier= count,delta=1", "reason": null, "column": null, "notes": [note]},
        {"line": 3, "text": "ab 1", "reason": reason, "column": 1, "notes": []},
        {"line": 4, "text": "#orders count dt.meta.unit=s", "reason": null, "column": null, "notes": []},
    ]);
    assert_eq!(request["content"], content);
    assert_eq!(
        read(&server, "/api/requests/1")["content"][0]["text"],
        "orders count,delta=1"
    );
    for unknown in ["/api/requests/0", "/api/requests/3"] {
        assert_eq!(get(&server, unknown).status, 404, "{unknown}");
    }
    assert_eq!(get(&server, "/api/requests/one").status, 400);
}

#[test]
fn the_lines_of_an_outage_are_kept_too() {
    let server = server();
    server.fail_next(1, 503).expect("a status");
    ingest(&server, "orders count,delta=1");
    let request = read(&server, "/api/requests/1");
    assert_eq!(request["status"], 503);
    assert_eq!(request["content"][0]["text"], "orders count,delta=1");
}

#[test]
fn bodies_are_kept_up_to_four_megabytes() {
    let server = server();
    let text = "a".repeat(80);
    let mut body = String::new();
    for number in 0..8_000 {
        writeln!(body, "orders,number=n{number},text={text} count,delta=1")
            .expect("a String takes all");
    }
    body.push_str("ab 1");
    assert!((800_000..1_000_000).contains(&body.len()));
    for _ in 0..6 {
        ingest(&server, &body);
    }
    let newest = read(&server, "/api/requests/6");
    assert_eq!(newest["is_kept"], true);
    // The refused line is there, however many lines precede it.
    let content = newest["content"].as_array().expect("a list");
    assert_eq!((content.len(), &newest["further"]), (1_001, &json!(7_000)));
    assert_eq!(content[1_000]["line"], 8_001);
    // The body of the oldest request is gone, and its refused line is not.
    let oldest = read(&server, "/api/requests/1");
    assert_eq!(oldest["is_kept"], false);
    assert_eq!(oldest["content"][0]["text"], "ab 1");
    assert_eq!(oldest["content"].as_array().map(Vec::len), Some(1));
}
