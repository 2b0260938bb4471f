//! Metrics that the environment turns off.

use std::fs;
use std::net::TcpListener;

use crate::common::AMPLE;
use crate::common::log::Log;
use crate::common::own_process::{child, is_child, passes, path_of, shared};
use crate::common::sums::Sums;
use dt_metrics::dynatrace::Exporter;
use dt_metrics::{Error, count};
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};

/// The program: uses everything there is, and checks that nothing comes of it.
#[test]
fn a_program_without_metrics() {
    if !is_child(path_of(a_program_without_metrics)) {
        return;
    }
    let log = Log::install();
    let threads = threads();
    let files = open_files().unwrap_or_default();
    let metrics = dt_metrics::builder()
        .endpoint("not a URL")
        .flush_on_termination(true)
        .exporter(Sums::new(Temporality::Delta))
        .install()
        .expect("nothing is looked at");
    assert!(matches!(dt_metrics::init(), Err(Error::AlreadyInstalled)));
    count!("off.calls");
    metrics.flush(AMPLE).unwrap();
    let exporter = Exporter::builder().api_token("").build().unwrap();
    exporter.flush(AMPLE).unwrap();
    exporter.shutdown(AMPLE).unwrap();
    assert_eq!(threads, self::threads());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        metrics.flush_async(AMPLE).await.unwrap();
        metrics.shutdown_async(AMPLE).await.unwrap();
    });
    assert!(matches!(metrics.flush(AMPLE), Err(Error::ShutDown)));
    metrics.shutdown(AMPLE).unwrap();
    let provider = SdkMeterProvider::builder().build();
    let attached = dt_metrics::attach(&provider).unwrap();
    count!("off.calls");
    attached.shutdown(AMPLE).unwrap();
    assert_eq!(threads, self::threads());
    assert_eq!(metrics.health().points_dropped, 0);
    assert!(open_files().is_none_or(|open| open <= files));
    println!("log: {}", log.text());
}

/// The number of files and connections of this process.
fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

/// The number of threads of this process.
fn threads() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}

#[test]
fn nothing_runs_and_nothing_is_sent_or_logged() {
    let _turn = shared();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for value in ["true", "True", "\"TRUE\""] {
        let mut child = child(path_of(a_program_without_metrics));
        child
            .env("OTEL_SDK_DISABLED", value)
            .env("OTEL_METRIC_EXPORT_INTERVAL", "nonsense")
            .env("OTEL_METRICS_EXPORTER", "dynatrace,nonsense")
            .env("DT_METRICS_PUSH_INTERVAL", "nonsense")
            .env("DT_METRICS_NONSENSE", "nonsense")
            .env("DT_METRICS_CONSOLE", "true")
            .env("DT_METRICS_SPOOL_DIR", folder.path().join("spool"))
            .env(
                "DT_METRICS_INGEST_URL",
                format!("http://{}", server.local_addr().unwrap()),
            );
        let printed = passes(child);
        assert!(
            !printed.contains("WARN") && !printed.contains("ERROR"),
            "{printed}"
        );
        let request = server.accept();
        assert!(request.is_err(), "{request:?}");
        assert!(!printed.contains("UTC:"), "{printed}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
