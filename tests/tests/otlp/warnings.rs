//! Log messages of OTLP: faults at a limited rate, and never the token.

use std::time::Duration;

use crate::common::log::Log;
use crate::common::own_process::{child, is_child, passes, path_of};
use crate::common::{AMPLE, NEVER, server};
use dt_metrics::count;
use dt_metrics_local::Answer;

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

#[test]
fn faults_are_logged_once_and_secrets_never() {
    own_process!();
    let log = Log::install();
    let server = server();
    // Each flush attempts at once.
    server.fail_always(Answer::new(403).body(TOKEN)).unwrap();
    let builder = dt_metrics::builder()
        .endpoint(server.url())
        .api_token(TOKEN)
        .push_interval(NEVER)
        .otlp();
    let shown = format!("{builder:?}");
    let metrics = builder.install().unwrap();
    for _ in 0..8 {
        count!("otlp.logged");
        metrics.flush(Duration::from_secs(1)).unwrap_err();
    }
    server.recover();
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();

    let text = log.text();
    let warnings = text.lines().filter(|line| line.starts_with("WARN"));
    let said: Vec<_> = warnings.filter(|line| line.contains("403")).collect();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("needs the scope `metrics.ingest`"));
    assert!(text.contains("sending metrics over OTLP"), "{text}");
    let shown = format!("{shown} {text} {metrics:?}");
    assert!(!shown.contains("SECRET"));
    let logged = server.total("otlp.logged");
    assert_eq!(logged, 8.0, "nothing was lost meanwhile");
}

/// The program: prints the log of its configuration.
#[test]
fn a_program_configured_by_variables() {
    if !is_child(path_of(a_program_configured_by_variables)) {
        return;
    }
    let log = Log::install();
    let builder = dt_metrics::builder().push_interval(NEVER).otlp();
    let metrics = builder.install().unwrap();
    println!("\n{}", log.text());
    let _late = metrics.shutdown(Duration::ZERO);
}

#[test]
fn a_variable_that_is_not_understood_is_named_and_its_value_is_not() {
    for (variable, value, said) in [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s-SECRET", "milliseconds"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0", "milliseconds"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "deltas-SECRET",
            "lowmemory",
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x=y, SECRET", "name=value"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x=%0ASECRET", "name=value"),
        (
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            "/SECRET",
            "not supported",
        ),
    ] {
        let mut child = child(path_of(a_program_configured_by_variables));
        child
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
            .env(variable, value);
        let text = passes(child);
        let mut warnings = text.lines().filter(|line| line.starts_with("WARN"));
        let named = warnings.any(|line| line.contains(variable) && line.contains(said));
        assert!(named, "{variable}={value}: {text}");
        assert!(!text.contains("SECRET"), "{text}");
    }
}
