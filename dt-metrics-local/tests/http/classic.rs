//! Metric keys as Metrics Classic changes them, and the warnings about it.

use dt_metrics_local::Server;
use serde_json::{Value, json};

use crate::client::{ONEAGENT, TEXT, ingest, post};

#[test]
fn metric_keys_get_the_suffix_of_their_type() {
    let server = Server::builder().classic().start().unwrap();
    let lines = [
        "orders count,delta=3",
        "taken.count count,delta=1",
        "depth 7",
        "depth.count gauge,7",
        "bad line here",
        "#orders count dt.meta.unit={order}",
        "latency.count gauge,min=1,max=1,sum=1,count=1",
    ];
    let reply = ingest(&server, &lines.join("\n"));
    assert_eq!(reply.status, 400);
    let warning = |line: usize, from: &str, to: &str| {
        let warning = format!("metric key '{from}' changed to '{to}'");
        json!({"line": line, "warning": warning})
    };
    let body = reply.json();
    assert_eq!(body["linesOk"], 6);
    assert_eq!(
        body["warnings"],
        json!({
            "message": "4 metric keys were changed",
            "warningLines": [
                warning(1, "orders", "orders.count"),
                warning(4, "depth.count", "depth.count.gauge"),
                warning(6, "orders", "orders.count"),
                warning(7, "latency.count", "latency.count.gauge"),
            ],
        })
    );
    let keys: Vec<_> = server.lines().into_iter().map(|line| line.key).collect();
    assert_eq!(
        keys,
        [
            "orders.count",
            "taken.count",
            "depth",
            "depth.count.gauge",
            "latency.count.gauge"
        ]
    );
    assert_eq!(server.lines()[0].text, lines[0]);
    assert_eq!(server.metadata()[0].key, "orders.count");
    assert!((server.total("orders.count") - 3.0).abs() < 1e-9);
    assert_eq!(server.notes().len(), 4);
    let first = server.notes()[0].to_string();
    assert_eq!(
        first,
        "line 1: metric key 'orders' changed to 'orders.count'"
    );
}

#[test]
fn an_accepted_request_also_has_its_warnings() {
    let server = Server::builder().classic().start().unwrap();
    for reply in [
        ingest(&server, "visits count,delta=1"),
        post(&server, ONEAGENT, &[TEXT], "visits count,delta=1"),
    ] {
        assert_eq!(reply.status, 202);
        let warnings = &reply.json()["warnings"];
        assert_eq!(warnings["message"], "1 metric key was changed");
        assert_eq!(warnings["warningLines"][0]["line"], 1);
    }
    assert_eq!(ingest(&server, "depth 1").json()["warnings"], Value::Null);
}

#[test]
fn grail_keeps_the_keys() {
    let server = Server::builder().start().unwrap();
    let reply = ingest(&server, "visits count,delta=1\ndepth.count 7");
    assert_eq!(reply.json()["warnings"], Value::Null);
    assert_eq!(server.lines()[0].key, "visits");
    assert_eq!(server.lines()[1].key, "depth.count");
}
