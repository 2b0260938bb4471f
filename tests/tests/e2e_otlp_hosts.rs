//! OTLP as the environment of a process says: to a Collector, without the token for Dynatrace.

#[path = "common/child.rs"]
mod child;
mod common;

use std::process::Command;

use child::{child, is_child};
use common::otlp::Receiver;
use common::{AMPLE, NEVER};
use dt_metrics::{Handle, count};

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

fn install() -> Handle {
    dt_metrics::builder()
        .push_interval(NEVER)
        .otlp()
        .install()
        .unwrap()
}

/// A command that sends one count, or a part of it.
fn program() -> Command {
    let mut command = child("one_count");
    for name in ["DT_METRICS_INGEST_URL", "DT_METRICS_INGEST_API_TOKEN"] {
        command.env_remove(name);
    }
    command
}

fn succeeds(mut command: Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn one_count() {
    if is_child("one_count") {
        let metrics = install();
        count!("otlp.one", 3);
        metrics.flush(AMPLE).unwrap();
        metrics.shutdown(AMPLE).unwrap();
    }
}

#[test]
fn a_collector_gets_its_headers_and_no_token() {
    let receiver = Receiver::start();
    let mut command = program();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url("/collector/"))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=blue%20green")
        .env("OTEL_SERVICE_NAME", "checkout")
        .env("DT_METRICS_INGEST_URL", "http://127.0.0.1:9/metrics/ingest")
        .env("DT_METRICS_INGEST_API_TOKEN", TOKEN);
    succeeds(command);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    let head = &requests[0].0;
    assert!(head.starts_with("POST /collector/v1/metrics "), "{head}");
    assert!(head.contains("x-tenant: blue green\r\n"), "{head}");
    assert!(!head.contains("authorization") && !head.contains("SECRET"));
    let key = ("otlp.one".to_owned(), String::new());
    assert_eq!(receiver.totals()[&key], 3.0);
}

#[test]
fn dynatrace_is_found_as_for_lines() {
    let receiver = Receiver::start();
    let mut command = program();
    command
        .env(
            "DT_METRICS_INGEST_URL",
            receiver.url("/e/abc/api/v2/metrics/ingest"),
        )
        .env("DT_METRICS_INGEST_API_TOKEN", TOKEN);
    succeeds(command);
    let head = &receiver.requests()[0].0;
    assert!(head.starts_with("POST /e/abc/api/v2/otlp/v1/metrics "));
    assert!(head.contains(&format!("authorization: Api-Token {TOKEN}")));
}
