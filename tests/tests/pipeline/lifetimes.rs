//! Short lives, many installs, every kind of runtime: nothing is left behind.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{AMPLE, NEVER, ingest_url, server, to, unused_port};
use dt_metrics::{Error, count};
use dt_metrics_local::Server;

fn runtimes() -> [(&'static str, Option<tokio::runtime::Runtime>); 3] {
    let current = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let multi = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    [
        ("none", None),
        ("current-thread", current.ok()),
        ("multi-thread", multi.ok()),
    ]
}

/// Runs `work` in the runtime, if there is one.
fn within(runtime: Option<&tokio::runtime::Runtime>, work: impl FnOnce()) {
    match runtime {
        Some(runtime) => runtime.block_on(async { work() }),
        None => work(),
    }
}

#[test]
fn a_short_life_delivers_on_drop_in_every_runtime() {
    own_process!();
    for (name, runtime) in &runtimes() {
        let server = server();
        within(runtime.as_ref(), || {
            let metrics = to(&server).install().unwrap();
            count!("lifetimes.short", 3);
            drop(metrics);
        });
        assert_eq!(
            server.counter_total("lifetimes.short", &[]),
            3.0,
            "runtime: {name}"
        );
    }
}

#[test]
fn flush_and_shutdown_work_in_every_runtime_and_may_be_repeated() {
    own_process!();
    for (name, runtime) in &runtimes() {
        let server = server();
        within(runtime.as_ref(), || {
            let metrics = to(&server).install().unwrap();
            count!("lifetimes.flushed");
            metrics.flush(AMPLE).unwrap();
            assert_eq!(
                server.counter_total("lifetimes.flushed", &[]),
                1.0,
                "runtime: {name}"
            );
            count!("lifetimes.flushed");
            metrics.flush(AMPLE).unwrap();
            metrics.shutdown(AMPLE).unwrap();
            metrics.shutdown(AMPLE).unwrap();
            assert!(matches!(metrics.flush(AMPLE), Err(Error::ShutDown)));
        });
        assert_eq!(
            server.counter_total("lifetimes.flushed", &[]),
            2.0,
            "runtime: {name}"
        );
    }
}

#[test]
fn the_async_calls_leave_the_runtime_free() {
    own_process!();
    let server = server();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let metrics = to(&server).install().unwrap();
        count!("lifetimes.async");
        metrics.flush_async(AMPLE).await.unwrap();
        assert_eq!(server.counter_total("lifetimes.async", &[]), 1.0);
        count!("lifetimes.async");
        metrics.shutdown_async(AMPLE).await.unwrap();
    });
    assert_eq!(server.counter_total("lifetimes.async", &[]), 2.0);
}

#[test]
fn a_second_install_is_an_error_and_after_shutdown_it_works_again() {
    own_process!();
    let first = server();
    let metrics = to(&first).install().unwrap();
    assert!(matches!(to(&first).install(), Err(Error::AlreadyInstalled)));
    count!("lifetimes.again");
    metrics.shutdown(AMPLE).unwrap();

    // Counted while nothing is installed: kept for the next.
    count!("lifetimes.again", 5);
    let second = server();
    let metrics = to(&second).install().unwrap();
    count!("lifetimes.again", 10);
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(first.counter_total("lifetimes.again", &[]), 1.0);
    assert_eq!(second.counter_total("lifetimes.again", &[]), 15.0);
}

#[test]
fn an_install_that_fails_leaves_the_place_free() {
    own_process!();
    let server = server();
    let failed = dt_metrics::builder().endpoint("no url").install();
    let message = failed.unwrap_err().to_string();
    assert!(message.contains("endpoint"), "{message}");
    let failed = to(&server).default_dimension("", "x").install();
    assert!(matches!(failed, Err(Error::Config(_))));
    to(&server).install().unwrap().shutdown(AMPLE).unwrap();
}

#[test]
fn a_thread_that_panics_delivers_when_it_drops_the_handle() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let panicked = thread::spawn(move || {
        let _metrics = metrics;
        count!("lifetimes.panic");
        panic!("as intended");
    });
    assert!(panicked.join().is_err());
    assert_eq!(server.counter_total("lifetimes.panic", &[]), 1.0);
}

#[test]
fn deadlines_hold_against_a_server_that_never_answers() {
    own_process!();
    // Accepted by the system, never by the program.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/api/v2/metrics/ingest",
        silent.local_addr().unwrap()
    );
    for (name, runtime) in &runtimes() {
        within(runtime.as_ref(), || {
            let metrics = dt_metrics::builder()
                .endpoint(&url)
                .push_interval(NEVER)
                .install()
                .unwrap();
            count!("lifetimes.silence");
            let timeout = Duration::from_millis(300);
            for call in [dt_metrics::Handle::flush, dt_metrics::Handle::shutdown] {
                let start = Instant::now();
                call(&metrics, timeout).unwrap_err();
                let took = start.elapsed();
                assert!(took >= timeout / 2, "{name}: gave up after {took:?}");
                // Ample, since machines are busy; without a deadline it would be for ever.
                assert!(took < Duration::from_secs(5), "{name}: took {took:?}");
            }
            assert_eq!(metrics.health().points_accepted, 0);
        });
    }
}

#[test]
fn a_program_without_an_endpoint_ends_at_once() {
    own_process!();
    let metrics = dt_metrics::builder()
        .endpoint(ingest_url(unused_port()))
        .push_interval(NEVER)
        .install()
        .unwrap();
    count!("lifetimes.nowhere");
    metrics.flush(Duration::from_millis(200)).unwrap_err();
    let health = metrics.health();
    assert!(health.requests_failed >= 1);
    let error = health.last_error.unwrap();
    assert!(error.to_lowercase().contains("connect"), "{error}");
    metrics.shutdown(Duration::from_millis(200)).unwrap_err();
    assert_eq!(metrics.health().dropped.get("shutdown"), Some(&1));
}

#[test]
fn a_server_that_comes_late_gets_all() {
    own_process!();
    let port = unused_port();
    let metrics = dt_metrics::builder()
        .endpoint(ingest_url(port))
        .push_interval(NEVER)
        .install()
        .unwrap();
    count!("lifetimes.late", 7);
    metrics.flush(Duration::from_millis(50)).unwrap_err();
    let server = Server::builder().port(port).start().unwrap();
    metrics.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("lifetimes.late", &[]), 7.0);
}

/// The threads of the library and of the SDK in this process. The system cuts names off after 15
/// bytes.
#[cfg(target_os = "linux")]
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    let mut names: Vec<_> = names
        .map(|name| name.trim_end().to_owned())
        .filter(|name| name.starts_with("dt-metrics-") || name.starts_with("OpenTelemetry"))
        // The server, and threads that poll functions of other tests.
        .filter(|name| !name.starts_with("dt-metrics-loca") && !name.starts_with("dt-metrics-obse"))
        .collect();
    names.sort();
    names
}

#[cfg(target_os = "linux")]
#[test]
fn a_default_pipeline_has_two_threads_between_its_pushes() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    count!("lifetimes.threads");
    metrics.flush(AMPLE).unwrap();
    let expected = ["dt-metrics-brid", "dt-metrics-expo"];
    let start = Instant::now();
    // Threads for a flush, for requests, for files, and for the calibration of the clock end soon.
    while threads() != expected && start.elapsed() < AMPLE {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(threads(), expected);
    metrics.shutdown(AMPLE).unwrap();
}
