//! The endpoint over real HTTP: its answers, and the requests that it accepts.

use crate::client::{API, ONEAGENT, TEXT, ingest, post, raw, request};
use dt_metrics_local::store::Authorization;
use dt_metrics_local::{Answer, Server, StartError};
use serde_json::{Value, json};

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

#[test]
fn valid_lines_are_answered_202_and_kept() {
    let server = server();
    let reply = ingest(
        &server,
        "orders,region=eu count,delta=3\n\ndepth gauge,7\n#depth gauge dt.meta.unit=1\n",
    );
    assert_eq!(reply.status, 202);
    assert_eq!(
        reply.json(),
        json!({"linesOk": 3, "linesInvalid": 0, "error": null, "warnings": null})
    );
    assert!(
        reply
            .header("content-type")
            .unwrap()
            .starts_with("application/json")
    );

    let lines = server.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].to_string(), "orders,region=eu count,delta=3");
    assert_eq!(lines[0].dimension("region"), Some("eu"));
    assert_eq!(server.metadata()[0].unit.as_deref(), Some("1"));
    assert!(server.rejected().is_empty());
}

#[test]
fn valid_lines_of_a_bad_request_are_kept() {
    let server = server();
    let reply = ingest(
        &server,
        "aaa count,delta=1\n\n1bad gauge,1\nbbb gauge,nan\nccc gauge,1",
    );
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.json(),
        json!({
            "linesOk": 2,
            "linesInvalid": 2,
            "error": {
                "code": 400,
                "message": "2 invalid lines",
                "invalidLines": [
                    {"line": 3, "error": "metric key section may not start with '1', column 1"},
                    {"line": 4, "error": "unexpected 'n' in number, column 11"},
                ],
            },
            "warnings": null,
        })
    );
    assert_eq!(server.lines().len(), 2);
    let rejected = server.rejected();
    assert_eq!(rejected.len(), 2);
    assert_eq!(
        (
            rejected[1].text.as_str(),
            rejected[1].line_number,
            rejected[1].column()
        ),
        ("bbb gauge,nan", 4, 11)
    );
}

#[test]
fn the_oneagent_counts_valid_lines_by_its_own_name_and_requires_no_token() {
    let server = Server::builder().token("secret").start().unwrap();
    let reply = post(&server, ONEAGENT, &[TEXT], "aaa count,delta=1\nbad");
    assert_eq!(reply.status, 400);
    let body = reply.json();
    assert_eq!(
        (&body["linesValid"], &body["linesInvalid"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(body.get("linesOk"), None);
    assert_eq!(server.requests()[0].authorization, Authorization::Absent);
}

#[test]
fn an_activegate_path_is_the_dynatrace_api() {
    let server = server();
    let reply = post(
        &server,
        "/e/abc123/api/v2/metrics/ingest",
        &[TEXT],
        "aaa gauge,1",
    );
    assert_eq!(reply.status, 202);
    assert_eq!(reply.json()["linesOk"], 1);
}

#[test]
fn tokens() {
    let server = Server::builder()
        .token("right-token")
        .token_without_scope("narrow-token")
        .start()
        .unwrap();
    let cases = [
        (None, 401, Authorization::Absent),
        (Some("Api-Token wrong"), 401, Authorization::Refused),
        (Some("Bearer right-token"), 401, Authorization::Refused),
        (Some("right-token"), 401, Authorization::Refused),
        (
            Some("Api-Token narrow-token"),
            403,
            Authorization::WithoutScope,
        ),
        (Some("Api-Token right-token"), 202, Authorization::Accepted),
    ];
    for (token, status, authorization) in cases {
        let mut headers = vec![TEXT];
        headers.extend(token.map(|token| ("Authorization", token)));
        let reply = post(&server, API, &headers, "aaa count,delta=1");
        assert_eq!(reply.status, status, "{token:?}");
        let request = server.requests().pop().unwrap();
        assert_eq!(
            (request.status, request.authorization),
            (status, authorization)
        );
        match status {
            401 => assert_eq!(reply.json()["error"]["code"], 401),
            403 => assert!(reply.body.contains("metrics.ingest"), "{}", reply.body),
            _ => {}
        }
    }
    assert_eq!(server.lines().len(), 1);
    let printed = format!(
        "{server:?} {:?}",
        server.inspect(|state| format!("{state:?}"))
    );
    assert!(!printed.contains("-token"), "{printed}");
}

#[test]
fn a_platform_token_has_its_own_scheme_and_path() {
    let token = "dt0s16.EXAMPLE.SECRET";
    let server = Server::builder().token(token).start().unwrap();
    let platform = "/platform/classic/environment-api/v2/metrics/ingest";
    for (path, scheme, status) in [
        (platform, "Bearer", 202),
        (API, "Bearer", 202),
        (platform, "Api-Token", 401),
        (API, "Api-Token", 401),
    ] {
        let authorization = format!("{scheme} {token}");
        let headers = [TEXT, ("Authorization", &*authorization)];
        let reply = post(&server, path, &headers, "orders count,delta=1");
        assert_eq!(reply.status, status, "{path} {scheme}");
    }
}

#[test]
fn a_wrong_token_is_answered_as_by_dynatrace() {
    let server = Server::builder().token("right").start().unwrap();
    let reply = post(
        &server,
        API,
        &[TEXT, ("Authorization", "Api-Token wrong")],
        "aaa gauge,1",
    );
    assert_eq!(
        reply.json(),
        json!({"error": {"code": 401, "message": "Token Authentication failed"}})
    );
}

#[test]
fn content_types() {
    let server = server();
    let cases = [
        ("text/plain", 202),
        ("text/plain; charset=utf-8", 202),
        ("Text/Plain;charset=\"UTF-8\"", 202),
        ("text/plain; charset=iso-8859-1", 415),
        ("text/html", 415),
        ("application/json", 415),
        ("", 415),
    ];
    for (content_type, status) in cases {
        let reply = post(
            &server,
            API,
            &[("Content-Type", content_type)],
            "aaa gauge,1",
        );
        assert_eq!(reply.status, status, "{content_type}");
    }
    assert_eq!(post(&server, API, &[], "aaa gauge,1").status, 415);
    let encoded = [TEXT, ("Content-Encoding", "gzip")];
    assert_eq!(post(&server, API, &encoded, "aaa gauge,1").status, 415);
}

#[test]
fn bodies_without_lines() {
    let server = server();
    for body in [&b""[..], b"\n", b"\n\n\n", b"aaa gauge,1\n\xff"] {
        let reply = post(&server, API, &[TEXT], body);
        assert_eq!(reply.status, 400, "{body:?}");
        assert_eq!(reply.json()["linesOk"], 0);
        assert_eq!(reply.json()["error"]["invalidLines"], json!([]));
    }
    assert!(server.lines().is_empty());
}

#[test]
fn bodies_at_and_over_the_limit_in_bytes() {
    let server = server();
    let mut body = "a.b 1.00\n\n".repeat(100_000);
    assert_eq!(body.len(), 1_000_000);
    assert_eq!(ingest(&server, &body).status, 202);
    body.push('\n');
    assert_eq!(ingest(&server, &body).status, 413);
    assert_eq!(server.lines().len(), 100_000);
    // The OneAgent counts lines.
    let body = format!("#aaa gauge dt.meta.description={}\n", "x".repeat(40_000)).repeat(30);
    assert_eq!(post(&server, ONEAGENT, &[TEXT], body).status, 202);
}

#[test]
fn a_body_far_over_the_limit_is_answered_all_the_same() {
    let server = server();
    let body = vec![b'\n'; 20_000_000];
    let reply = post(&server, API, &[TEXT], &body);
    assert_eq!(reply.status, 413);
    assert_eq!(reply.json()["error"]["code"], 413);
    assert_eq!(server.requests()[0].bytes, 20_000_000);
}

#[test]
fn a_thousand_lines_are_the_limit_of_the_oneagent() {
    let server = server();
    let mut body = "aaa gauge,1\n".repeat(1_000);
    assert_eq!(post(&server, ONEAGENT, &[TEXT], &body).status, 202);
    body.push_str("aaa gauge,1");
    assert_eq!(post(&server, ONEAGENT, &[TEXT], &body).status, 413);
    assert_eq!(ingest(&server, &body).status, 202);
}

#[test]
fn chunked_bodies() {
    let server = server();
    let head = format!(
        "POST {API} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let reply = raw(
        server.address(),
        format!("{head}7\r\naaa gau\r\n4\r\nge,1\r\n0\r\n\r\n").as_bytes(),
    );
    assert_eq!(reply.status, 202);
    assert_eq!(server.lines()[0].text, "aaa gauge,1");
    // A broken chunk: nothing is taken in.
    let reply = raw(server.address(), format!("{head}zz\r\n").as_bytes());
    assert_eq!(reply.status, 400);
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn other_paths_and_methods() {
    let server = server();
    for (method, path, status) in [
        ("POST", "/", 404),
        ("POST", "/api/v2/metrics", 404),
        ("POST", "/api/v2/metrics/ingest/", 404),
        ("POST", "/e//api/v2/metrics/ingest", 404),
        ("GET", API, 405),
        ("PUT", ONEAGENT, 405),
    ] {
        let reply = raw(
            server.address(),
            &request(method, path, &[TEXT], b"aaa gauge,1"),
        );
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(reply.json()["error"]["code"], status);
        assert_eq!(server.requests().pop().unwrap().status, status);
    }
    assert!(server.lines().is_empty());
    assert_eq!(raw(server.address(), b"nonsense\r\n\r\n").status, 400);
}

#[test]
fn each_answer_names_the_stand_in() {
    let server = Server::builder().token("right").start().unwrap();
    let name = Some(concat!("dt-metrics-local/", env!("CARGO_PKG_VERSION")));
    let authorized = [TEXT, ("Authorization", "Api-Token right")];
    for (method, path, headers, status) in [
        ("POST", API, &authorized[..], 202),
        ("POST", API, &[TEXT], 401),
        ("POST", ONEAGENT, &[], 415),
        ("POST", "/nowhere", &[TEXT], 404),
        ("GET", API, &[], 405),
        ("GET", "/", &[], 200),
        ("GET", "/api/snapshot", &[], 200),
        ("GET", "/api/history?step=2", &[], 400),
    ] {
        let reply = raw(
            server.address(),
            &request(method, path, headers, b"orders gauge,1"),
        );
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(reply.header("server"), name, "{method} {path}");
    }
    server.fail_next(1, 503).unwrap();
    let reply = post(&server, API, &authorized, "orders gauge,1");
    assert_eq!((reply.status, reply.header("server")), (503, name));
    // The answer of a proxy may have a name of its own.
    let proxy = Answer::html(502).header("Server", "proxy/1.0");
    server.fail_next(1, proxy).unwrap();
    let reply = post(&server, API, &authorized, "orders gauge,1");
    assert_eq!(reply.header("server"), Some("proxy/1.0"));
}

#[test]
fn timestamps_are_held_against_the_clock() {
    let body = "aaa gauge,1 1000000000000";
    let reply = ingest(&server(), body);
    assert_eq!(reply.status, 400);
    let error = &reply.json()["error"]["invalidLines"][0]["error"];
    assert_eq!(
        *error,
        "timestamp is more than 1 hour in the past, column 13"
    );

    let unchecked = Server::builder().check_timestamps(false).start().unwrap();
    assert_eq!(ingest(&unchecked, body).status, 202);
    assert_eq!(unchecked.lines()[0].timestamp_ms, Some(1_000_000_000_000));
}

#[test]
fn requests_are_described() {
    let server = server();
    let body = "aaa count,delta=1\nbad\n\n";
    post(
        &server,
        API,
        &[
            TEXT,
            ("User-Agent", "probe/1.0"),
            ("Authorization", "Api-Token hidden"),
        ],
        body,
    );
    let request = server.requests().pop().unwrap();
    assert_eq!(request.path, API);
    assert_eq!(request.status, 400);
    assert_eq!(request.content_type.as_deref(), Some(TEXT.1));
    assert_eq!(request.user_agent.as_deref(), Some("probe/1.0"));
    assert_eq!(request.authorization, Authorization::Unchecked);
    assert_eq!((request.lines, request.bytes), (2, body.len() as u64));
    assert!(!format!("{request:?}").contains("hidden"));
}

#[test]
fn a_list_of_invalid_lines_is_bounded() {
    let server = server();
    let reply = ingest(&server, &"x\n".repeat(400_000));
    let body: Value = reply.json();
    assert_eq!(body["linesInvalid"], 400_000);
    assert_eq!(
        body["error"]["invalidLines"].as_array().unwrap().len(),
        1_000
    );
    assert_eq!(server.totals().rejected, 400_000);
    assert_eq!(server.rejected().len(), 10_000);
}

#[test]
fn urls_and_ports() {
    let server = server();
    let port = server.address().port();
    assert_eq!(
        server.url(),
        format!("http://127.0.0.1:{port}/api/v2/metrics/ingest")
    );
    assert_eq!(
        server.oneagent_url(),
        format!("http://127.0.0.1:{port}/metrics/ingest")
    );

    let error = Server::builder().port(port).start().unwrap_err();
    assert!(matches!(error, StartError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("is in use"));
    drop(server);
    let again = Server::builder()
        .port(port)
        .start()
        .expect("the port is free again");
    assert_eq!(ingest(&again, "aaa gauge,1").status, 202);

    let everywhere = Server::builder().listen("0.0.0.0:0").start().unwrap();
    assert!(everywhere.url().starts_with("http://127.0.0.1:"));
    let error = Server::builder().listen("here").start().unwrap_err();
    assert!(matches!(error, StartError::Address { .. }), "{error:?}");
}
