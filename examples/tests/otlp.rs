//! The example with two destinations, each with a receiver of its own.

use std::process::Command;

use dt_metrics_local::Server;
use dt_metrics_local::protocol::Kind;

fn otlp(server: &Server, collector: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_otlp"));
    for name in ["TIMEOUT", "HEADERS", "METRICS_ENDPOINT", "CERTIFICATE"] {
        program.env_remove(format!("OTEL_EXPORTER_OTLP_{name}"));
    }
    program
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
        .env("DT_METRICS_INGEST_URL", server.url())
        .env_remove("DT_METRICS_INGEST_API_TOKEN")
        .env_remove("OTEL_METRIC_EXPORT_INTERVAL");
    program
}

#[track_caller]
fn has_lines(server: &Server) {
    assert_eq!(server.rejected(), []);
    let text = server.counter_total("print.pages", &[("kind", "text")]);
    assert!((text - 9.0).abs() < 1e-9, "{:?}", server.counts());
}

#[test]
fn both_have_the_same() {
    let server = Server::builder().start().unwrap();
    let collector = Server::builder().start().unwrap();
    let output = otlp(&server, &collector.collector_url()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    has_lines(&server);
    has_lines(&collector);
    assert_eq!(collector.counts(), server.counts());
    assert!(server.otlp_points().is_empty() && !collector.otlp_points().is_empty());
    let series = collector.series();
    let is_time = |metric: &str| metric == "print.render.time";
    let times = series.iter().find(|it| is_time(&it.metric)).unwrap();
    assert_eq!((times.kind, times.values), (Kind::Summary, 3));
}

#[test]
fn a_collector_that_is_away_does_not_hold_up_the_lines() {
    let server = Server::builder().start().unwrap();
    let output = otlp(&server, "http://127.0.0.1:9").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("over OTLP: "), "it says so: {errors}");
    has_lines(&server);
}
