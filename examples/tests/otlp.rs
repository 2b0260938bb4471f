//! The example with two destinations, each with a receiver of its own.

#[allow(
    clippy::cast_precision_loss,
    dead_code,
    reason = "as where it comes from, and this uses a part"
)]
#[path = "../../tests/tests/common/otlp.rs"]
mod receiver;

use std::process::Command;

use dt_metrics_local::Server;
use receiver::Receiver;

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
    let collector = Receiver::start();
    let output = otlp(&server, &collector.url("")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    has_lines(&server);
    let totals = collector.totals();
    for (name, dimensions, expected) in [
        ("print.pages", "kind=text", 9.0),
        ("print.pages", "kind=title", 3.0),
        ("print.render.time", "", 3.0),
    ] {
        let total = totals.get(&(name.to_owned(), dimensions.to_owned()));
        assert_eq!(total, Some(&expected), "{name} {dimensions} in {totals:?}");
    }
}

#[test]
fn a_collector_that_is_away_does_not_hold_up_the_lines() {
    let server = Server::builder().start().unwrap();
    let output = otlp(&server, "http://127.0.0.1:9").output().unwrap();
    assert!(!output.status.success(), "it says so: {output:?}");
    has_lines(&server);
}
