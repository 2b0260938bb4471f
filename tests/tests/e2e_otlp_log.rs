//! What is logged of OTLP: faults at a limited rate, and never the token.

mod common;
#[path = "common/log.rs"]
mod log;

use std::time::Duration;

use common::{AMPLE, NEVER, alone, server};
use dt_metrics::count;
use dt_metrics_local::Answer;
use log::Log;

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

#[test]
fn faults_are_said_once_and_secrets_never() {
    let _alone = alone();
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
    assert!(text.contains("sending metrics by OTLP"), "{text}");
    let shown = format!("{shown} {text} {metrics:?}");
    assert!(!shown.contains("SECRET"));
    let logged = server.total("otlp.logged");
    assert_eq!(logged, 8.0, "nothing was lost meanwhile");
}
