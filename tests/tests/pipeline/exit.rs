//! Real processes that exit while nobody has dropped the handle: the last counts arrive.
#![cfg(unix)]

use std::net::TcpListener;
use std::process::{ExitStatus, exit};
use std::sync::OnceLock;
use std::time::Duration;

use crate::common::own_process::{child, is_child, path_of, shared};
use crate::common::{AMPLE, NEVER, ingest_url, server};
use dt_metrics::{Builder, Handle, count, observed, record};
use dt_metrics_local::Server;

static HANDLE: OnceLock<Handle> = OnceLock::new();

fn builder() -> Builder {
    dt_metrics::builder()
        .endpoint(std::env::var("URL").unwrap())
        .push_interval(NEVER)
}

/// The beginning of each program; the handle stays for ever.
fn begin() -> &'static Handle {
    let handle = HANDLE.get_or_init(|| builder().install().unwrap());
    measure();
    handle
}

fn measure() {
    count!("exit.calls", 7);
    record!("exit.values", 2.5);
}

/// Runs a program to its end.
fn run(test: &str, url: &str) -> ExitStatus {
    let _turn = shared();
    child(test).env("URL", url).output().unwrap().status
}

fn arrived(server: &Server) -> (f64, usize) {
    let values = server.lines();
    let values = values.iter().filter(|line| line.key == "exit.values");
    (server.counter_total("exit.calls", &[]), values.count())
}

#[track_caller]
fn assert_delivers(test: &str, code: i32) {
    let server = server();
    assert_eq!(run(test, &server.url()).code(), Some(code), "{test}");
    assert_eq!(arrived(&server), (7.0, 1), "{test}");
}

#[test]
fn program_that_returns() {
    if is_child(path_of(program_that_returns)) {
        begin();
    }
}

#[test]
fn program_that_exits() {
    if is_child(path_of(program_that_exits)) {
        begin();
        exit(7);
    }
}

#[test]
fn program_with_a_leaked_handle() {
    if is_child(path_of(program_with_a_leaked_handle)) {
        let handle = Box::leak(Box::new(builder().install().unwrap()));
        measure();
        handle.flush(AMPLE).unwrap();
    }
}

#[test]
fn program_that_exits_with_a_handle_of_its_own() {
    if is_child(path_of(program_that_exits_with_a_handle_of_its_own)) {
        let _metrics = builder().install().unwrap();
        measure();
        exit(8);
    }
}

#[test]
fn program_that_panics() {
    if is_child(path_of(program_that_panics)) {
        begin();
        panic!("as it should");
    }
}

#[test]
fn program_that_exits_in_a_task() {
    if is_child(path_of(program_that_exits_in_a_task)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            begin();
            tokio::spawn(async { exit(9) }).await.unwrap()
        });
    }
}

#[test]
fn program_that_exits_in_a_current_thread_runtime() {
    if is_child(path_of(program_that_exits_in_a_current_thread_runtime)) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            begin();
            exit(10)
        });
    }
}

#[test]
fn program_that_is_attached() {
    if is_child(path_of(program_that_is_attached)) {
        use dt_metrics::dynatrace::Exporter;
        use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
        let exporter = Exporter::builder().endpoint(std::env::var("URL").unwrap());
        let exporter = exporter.build().unwrap();
        let reader = PeriodicReader::builder(exporter).with_interval(NEVER);
        let provider = SdkMeterProvider::builder().with_reader(reader.build());
        let provider = provider.build();
        HANDLE.get_or_init(|| dt_metrics::attach(&provider).unwrap());
        measure();
        exit(0);
    }
}

#[test]
fn program_that_shuts_down_and_exits() {
    if is_child(path_of(program_that_shuts_down_and_exits)) {
        begin().shutdown(AMPLE).unwrap();
        exit(11);
    }
}

#[test]
fn program_that_installs_twice() {
    if is_child(path_of(program_that_installs_twice)) {
        drop(builder().install().unwrap());
        begin();
        exit(12);
    }
}

#[test]
fn an_exit_delivers_the_rest_and_keeps_its_status() {
    for (test, code) in [
        (path_of(program_that_returns), 0),
        (path_of(program_that_exits), 7),
        (path_of(program_with_a_leaked_handle), 0),
        (path_of(program_that_exits_with_a_handle_of_its_own), 8),
        (path_of(program_that_panics), 101),
        (path_of(program_that_exits_in_a_task), 9),
        (path_of(program_that_exits_in_a_current_thread_runtime), 10),
        (path_of(program_that_is_attached), 0),
        (path_of(program_that_shuts_down_and_exits), 11),
        (path_of(program_that_installs_twice), 12),
    ] {
        assert_delivers(test, code);
    }
}

#[observed(name = "exit.observed")]
fn observed() -> Option<u64> {
    if !is_child(path_of(program_that_exits_in_an_observed_function)) {
        return None;
    }
    // The collection of the exit waits for this, and this thread exits.
    exit(13)
}

#[test]
fn program_that_exits_in_an_observed_function() {
    if is_child(path_of(program_that_exits_in_an_observed_function)) {
        begin().flush(AMPLE).ok();
    }
}

#[test]
fn program_that_exits_in_an_event() {
    if is_child(path_of(program_that_exits_in_an_event)) {
        // The thread that sends exits, and the exit waits for that thread.
        let metrics = builder().on_delivery_event(|_| exit(14)).install().unwrap();
        measure();
        metrics.flush(AMPLE).ok();
    }
}

#[test]
fn program_with_a_dead_endpoint() {
    if is_child(path_of(program_with_a_dead_endpoint)) {
        let builder = builder().shutdown_timeout(Duration::from_millis(50));
        HANDLE.get_or_init(|| builder.install().unwrap());
        measure();
        exit(15);
    }
}

#[test]
fn an_exit_that_cannot_deliver_ends() {
    // It accepts connections and never answers.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = ingest_url(hole.local_addr().unwrap().port());
    let refused = ingest_url(crate::common::unused_port());
    for (test, code) in [
        (path_of(program_that_exits), 7),
        (path_of(program_with_a_dead_endpoint), 15),
        (path_of(program_that_exits_in_an_observed_function), 13),
    ] {
        for url in [&url, &refused] {
            assert_eq!(run(test, url).code(), Some(code), "{test}");
        }
    }
    let test = path_of(program_that_exits_in_an_event);
    assert_eq!(run(test, &refused).code(), Some(14));
}
