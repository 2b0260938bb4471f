//! Every wait ends in time, even if the server hangs.

use crate::dynatrace::buffer::state::Life;
use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::{DeliveryGuarantee, Options};
use crate::dynatrace::config::source::Source;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ExportError;
use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::tests::accounting::{assert_accounted, assert_arrived};
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, export_one, to};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Kept with some room for a loaded machine.
fn within<T>(time: Duration, action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = action();
    let took = start.elapsed();
    assert!(
        took < time + Duration::from_secs(2),
        "took {took:?}, not {time:?}"
    );
    result
}

#[test]
fn a_silent_server_delays_no_call() {
    let server = Server::start(|_, _| Reply::Silence);
    let exporter = to(&server).build().expect("valid");
    let _provider = within(Duration::ZERO, || export_one(&exporter));
    server.wait_for(1);
    let time = Duration::from_millis(300);
    let error = within(time, || exporter.flush(time)).expect_err("no answer");
    assert!(matches!(error, ExportError::Deadline { .. }), "{error:?}");
    let error = within(time, || exporter.shutdown(time)).expect_err("no answer");
    assert!(matches!(error, ExportError::Deadline { .. }), "{error:?}");
    within(Duration::ZERO, || exporter.shutdown(LONG)).expect("done before");

    let health = exporter.health();
    assert_eq!((health.points_dropped, health.points_pending), (1, 0));
    assert_eq!(health.dropped["shutdown"], 1);
    assert_eq!(health.requests_unanswered, 1);
    exporter.buffer().wait_for_exit(Some(Instant::now() + LONG));
    assert_eq!(exporter.buffer().lock().life, Life::Exited);
}

#[test]
fn a_shutdown_in_which_everything_is_dropped_is_an_error_with_the_reason() {
    // With at-most-once delivery, a request without an answer is dropped.
    let closing = Server::start(|_, _| Reply::Close);
    let exporter = || {
        to(&closing)
            .delivery_guarantee(DeliveryGuarantee::AtMostOnce)
            .build()
            .expect("valid")
    };
    let dropped = exporter();
    let _provider = export_one(&dropped);
    let error = dropped.shutdown(LONG).expect_err("it was dropped");
    let (text, reason) = (error.to_string(), DropReason::Ambiguous);
    for part in [
        "1 data points were dropped",
        reason.explain(),
        reason.as_str(),
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(matches!(
        error,
        ExportError::Dropped { points: 1, reasons } if reasons == [(reason, 1)]
    ));
    let health = dropped.health();
    assert_accounted(1, &health);
    // It is unknown whether a server that does not answer accepted the request.
    assert_arrived(closing.requests().len() as u64, 1, &health);
    dropped.shutdown(LONG).expect("done before");

    // Points that were dropped before are not of this shutdown.
    let earlier = exporter();
    let _provider = export_one(&earlier);
    earlier.flush(LONG).expect("settled");
    assert_accounted(1, &earlier.health());
    earlier.shutdown(LONG).expect("nothing was pending");
}

#[test]
fn dropping_the_last_handle_waits_for_nothing() {
    let server = Server::start(|_, _| Reply::Silence);
    let exporter = to(&server).build().expect("valid");
    let buffer = exporter.buffer().clone();
    let body = Body::of("a gauge,1");
    assert!(buffer.enqueue(vec![body]));
    server.wait_for(1);
    within(Duration::ZERO, || drop(exporter));
    buffer.wait_for_exit(Some(Instant::now() + LONG));
    assert_eq!(buffer.lock().life, Life::Exited);
}

#[test]
fn a_flush_does_not_wait_for_the_pause_to_end() {
    let server = Server::start(|number, _| match number {
        0 => Reply::Answer {
            status: 429,
            headers: vec![("retry-after", "600".into())],
            body: String::new(),
        },
        _ => Reply::accepted(),
    });
    let exporter = to(&server).build().expect("valid");
    let _provider = export_one(&exporter);
    server.wait_for(1);
    within(Duration::ZERO, || exporter.flush(LONG)).expect("tried at once");
}

#[test]
fn a_refused_connection_is_tried_until_the_deadline() {
    let exporter = Exporter::builder()
        .endpoint(closed_port())
        .build()
        .expect("valid");
    let _provider = export_one(&exporter);
    let time = Duration::from_millis(300);
    let error = within(time, || exporter.flush(time)).expect_err("nobody there");
    assert!(error.to_string().contains("cannot connect"), "{error}");
    assert_eq!(exporter.health().requests_unanswered, 0);
    assert_eq!(exporter.health().points_pending, 1);
}

/// An exporter without a configured endpoint, which looks for a OneAgent at this URL.
fn unconfigured(url: String) -> Exporter {
    let options = Options {
        endpoint: Some(url.into()),
        ..Options::default()
    };
    let mut config = Config::resolve(options, &|_| None).expect("valid");
    config.target.endpoint_source = Source::Default;
    Exporter::start(&config).expect("valid")
}

fn accept_one(listener: &TcpListener) {
    let (mut stream, _) = listener.accept().expect("a connection");
    let (mut request, mut part) = (Vec::new(), [0; 8_192]);
    while !String::from_utf8_lossy(&request).contains(" count,delta=") {
        let length = stream.read(&mut part).expect("a request");
        request.extend_from_slice(&part[..length]);
    }
    let answer = b"HTTP/1.1 202 Accepted\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(answer).expect("answered");
}

#[test]
fn without_any_configuration_there_is_no_wait_and_no_loss() {
    let url = closed_port();
    let unconfigured = unconfigured(url.clone());
    let _provider = export_one(&unconfigured);
    let error = within(Duration::ZERO, || unconfigured.flush(LONG)).expect_err("nobody there");
    assert!(matches!(error, ExportError::NoEndpoint { .. }), "{error:?}");
    assert_eq!(unconfigured.health().points_pending, 1);

    // It was only late.
    let address = url.trim_start_matches("http://").split('/').next();
    let listener = TcpListener::bind(address.expect("an address")).expect("still free");
    std::thread::scope(|scope| {
        scope.spawn(|| accept_one(&listener));
        unconfigured.flush(LONG).expect("somebody there");
    });
    assert_eq!(unconfigured.health().points_accepted, 1);
}

#[test]
fn an_absent_oneagent_is_not_awaited() {
    let options = Options {
        endpoint: Some(closed_port().into()),
        ..Options::default()
    };
    let config = Config::resolve(options, &|_| None).expect("valid");
    let exporter = Exporter::start(&config).expect("valid");
    let _provider = export_one(&exporter);
    let error = exporter.flush(LONG).expect_err("nobody there");
    let ExportError::Refused { reason } = &error else {
        panic!("{error:?}");
    };
    assert!(reason.contains("cannot connect"), "{reason}");
    let error = exporter.shutdown(LONG).expect_err("nobody there");
    assert!(matches!(error, ExportError::Refused { .. }), "{error:?}");
}

#[test]
fn without_any_configuration_one_that_was_there_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let unconfigured = unconfigured(format!("http://{address}/metrics/ingest"));
    let _provider = export_one(&unconfigured);
    std::thread::scope(|scope| {
        scope.spawn(|| accept_one(&listener));
        unconfigured.flush(LONG).expect("somebody there");
    });
    drop(listener);
    let _provider = export_one(&unconfigured);
    let time = Duration::from_millis(300);
    let error = within(time, || unconfigured.flush(time)).expect_err("it restarts");
    assert!(matches!(error, ExportError::Deadline { .. }), "{error:?}");
    let listener = TcpListener::bind(address).expect("still free");
    std::thread::scope(|scope| {
        scope.spawn(|| accept_one(&listener));
        unconfigured.shutdown(LONG).expect("it is there again");
    });
    assert_eq!(unconfigured.health().points_accepted, 2);
}

#[test]
fn without_any_configuration_a_shutdown_gives_up_at_once() {
    let unconfigured = unconfigured(closed_port());
    let _provider = export_one(&unconfigured);
    let error = within(Duration::ZERO, || unconfigured.shutdown(LONG)).expect_err("nobody there");
    assert!(
        error.to_string().contains("DT_METRICS_INGEST_URL"),
        "{error}"
    );
    assert_eq!(unconfigured.health().points_dropped, 1);
}

#[test]
fn the_pipeline_keeps_its_own_deadline() {
    let server = Server::start(|_, _| Reply::Silence);
    let exporter = to(&server).build().expect("valid");
    let reader = PeriodicReader::builder(exporter.clone().for_pipeline())
        .with_interval(Duration::from_secs(3_600))
        .build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    provider.meter("test").u64_counter("m").build().add(1, &[]);
    within(Duration::ZERO, || provider.shutdown()).expect("no more than queues");
    assert_eq!(exporter.health().points_pending, 1);
    let time = Duration::from_millis(100);
    within(time, || exporter.shutdown(time)).expect_err("no answer");
}

#[test]
fn every_wait_is_kept_on_every_kind_of_runtime() {
    let server = Server::start(|_, _| Reply::Silence);
    let time = Duration::from_millis(100);
    let wait = || {
        let exporter = to(&server).build().expect("valid");
        let _provider = export_one(&exporter);
        within(time, || exporter.flush(time)).expect_err("no answer");
        within(time, || exporter.shutdown(time)).expect_err("no answer");
    };
    wait();
    let mut current = tokio::runtime::Builder::new_current_thread();
    current
        .build()
        .expect("a runtime")
        .block_on(async { wait() });
    let server = &server;
    std::thread::scope(|scope| {
        let panicking = scope.spawn(move || {
            let _late = ShutDownOnDrop(to(server).build().expect("valid"));
            panic!("as a program may");
        });
        assert!(panicking.join().is_err());
    });
}

struct ShutDownOnDrop(Exporter);

impl Drop for ShutDownOnDrop {
    fn drop(&mut self) {
        let _provider = export_one(&self.0);
        let time = Duration::from_millis(100);
        assert!(within(time, || self.0.shutdown(time)).is_err());
    }
}

fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!(
        "http://{}/metrics/ingest",
        listener.local_addr().expect("bound")
    )
}
