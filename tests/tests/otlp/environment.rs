//! OTLP configured by the environment of a process: to a Collector, without the token for
//! Dynatrace.

use std::process::Command;

use crate::common::otlp::Receiver;
use crate::common::own_process::{child, is_child, passes, path_of};
use crate::common::{AMPLE, NEVER};
use dt_metrics::{Handle, count, record};
use dt_metrics_local::Server;
use dt_metrics_local::store::Authorization;

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
    command(path_of(one_count))
}

fn command(test: &str) -> Command {
    let mut command = child(test);
    for name in ["DT_METRICS_INGEST_URL", "DT_METRICS_INGEST_API_TOKEN"] {
        command.env_remove(name);
    }
    command
}

#[test]
fn one_count() {
    if is_child(path_of(one_count)) {
        let metrics = install();
        count!("otlp.one", 3);
        metrics.flush(AMPLE).unwrap();
        metrics.shutdown(AMPLE).unwrap();
    }
}

#[test]
fn a_collector_gets_its_headers_and_no_token() {
    // Keeps the head as it came.
    let receiver = Receiver::start();
    let mut command = program();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url("/collector/"))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=blue%20green")
        .env("OTEL_SERVICE_NAME", "checkout")
        .env("DT_METRICS_INGEST_URL", "http://127.0.0.1:9/metrics/ingest")
        .env("DT_METRICS_INGEST_API_TOKEN", TOKEN);
    passes(command);
    let came = receiver.received();
    assert_eq!(came.len(), 1);
    let head = &came[0].head;
    assert!(head.starts_with("POST /collector/v1/metrics "), "{head}");
    assert!(head.contains("x-tenant: blue green\r\n"), "{head}");
    assert!(!head.contains("authorization") && !head.contains("SECRET"));
}

#[test]
fn the_local_endpoint_is_a_collector() {
    let server = Server::builder().token(TOKEN).start().unwrap();
    let mut command = program();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", server.collector_url())
        .env("DT_METRICS_INGEST_API_TOKEN", TOKEN);
    passes(command);
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/v1/metrics");
    assert_eq!(requests[0].authorization, Authorization::Absent);
    assert_eq!(server.total("otlp.one"), 3.0);
}

#[test]
fn many_counts() {
    if is_child(path_of(many_counts)) {
        let metrics = install();
        for number in 1..=100_u32 {
            count!("otlp.many", u64::from(number), dims(number = number));
            record!("otlp.sizes", f64::from(number), dims(number = number));
        }
        metrics.flush(AMPLE).unwrap();
        metrics.shutdown(AMPLE).unwrap();
    }
}

#[test]
fn compressed_it_is_the_same_in_fewer_bytes() {
    let sent = |compression: &str, to: fn(&Server) -> (&'static str, String)| {
        let server = Server::builder().token(TOKEN).start().unwrap();
        let (name, url) = to(&server);
        let mut command = command(path_of(many_counts));
        command
            .env(name, url)
            .env("DT_METRICS_INGEST_API_TOKEN", TOKEN)
            .env("OTEL_EXPORTER_OTLP_COMPRESSION", compression);
        passes(command);
        assert!(server.rejected().is_empty());
        let series = server.series().into_iter();
        let mut series: Vec<_> = series
            .map(|it| (it.metric, it.dimensions, it.total, it.values, it.last))
            .collect();
        series.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let bytes: u64 = server.requests().iter().map(|it| it.bytes).sum();
        (series, bytes)
    };
    for to in [
        |server: &Server| ("OTEL_EXPORTER_OTLP_ENDPOINT", server.collector_url()),
        |server: &Server| ("DT_METRICS_INGEST_URL", server.url()),
    ] {
        let (plain, plain_bytes) = sent("none", to);
        let (packed, packed_bytes) = sent("gzip", to);
        assert_eq!(plain.len(), 200);
        assert_eq!(plain, packed);
        assert!(
            packed_bytes * 4 < plain_bytes,
            "{packed_bytes} of {plain_bytes}"
        );
    }
}

#[test]
fn dynatrace_is_found_as_for_lines() {
    let server = Server::builder().token(TOKEN).start().unwrap();
    let environment = server.url().replace("/api/", "/e/abc/api/");
    let mut command = program();
    command
        .env("DT_METRICS_INGEST_URL", environment)
        .env("DT_METRICS_INGEST_API_TOKEN", TOKEN);
    passes(command);
    let request = &server.requests()[0];
    assert_eq!(request.path, "/e/abc/api/v2/otlp/v1/metrics");
    assert_eq!(request.authorization, Authorization::Accepted);
    assert_eq!(server.total("otlp.one"), 3.0);
}
