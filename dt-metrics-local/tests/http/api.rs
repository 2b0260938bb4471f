//! The HTTP API for tests in any language.

use dt_metrics_local::Server;
use serde_json::{Value, json};

use crate::client::{LONG, Reply, ingest, post, raw, request};

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

fn get(server: &Server, path: &str) -> Reply {
    raw(server.address(), &request("GET", path, &[], b""))
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
        "number": 2, "text": "Orders,Region=eu 1", "line": 3, "column": 8,
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
