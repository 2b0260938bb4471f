//! The catalogue is for the local endpoint, and for nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::tests::server::{Reply, Request, Server};
use crate::dynatrace::tests::{LONG, provider, to};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

const LOCAL: &str = "dt-metrics-local/0.1.0";

/// An answer of a server with this name, in this run.
fn answer(status: u16, server: &str, run: usize) -> Reply {
    let headers = vec![
        ("server", server.to_owned()),
        ("x-dt-metrics-local-instance", run.to_string()),
    ];
    let body = String::new();
    Reply::Answer {
        status,
        headers,
        body,
    }
}

fn is_catalog(request: &Request) -> bool {
    request.first_line == "PUT /api/catalog HTTP/1.1"
}

fn catalogs(server: &Server) -> Vec<Request> {
    let mut requests = server.requests();
    requests.retain(is_catalog);
    requests
}

/// Pushes a number of times, each of which must be accepted.
fn push(exporter: &Exporter, provider: &SdkMeterProvider, times: usize) {
    let counter = provider.meter("test").u64_counter("requests").build();
    for _ in 0..times {
        counter.add(1, &[]);
        provider.force_flush().expect("collected");
        exporter.flush(LONG).expect("accepted");
    }
}

#[test]
fn each_run_of_the_local_endpoint_receives_the_catalogue_once() {
    let run = Arc::new(AtomicUsize::new(1));
    let current = run.clone();
    let server = Server::start(move |_, _| answer(202, LOCAL, current.load(Ordering::Relaxed)));
    let exporter = to(&server).prefix("shop").build().expect("valid");
    let provider = provider(&exporter);
    push(&exporter, &provider, 2);
    // The push and the catalogue, in any order, then the second push.
    server.wait_for(3);
    let first = catalogs(&server);
    assert_eq!(first.len(), 1, "{first:?}");
    let headers = &first[0].headers;
    assert_eq!(headers["content-type"], "application/json");
    assert!(!headers.contains_key("authorization"), "{headers:?}");
    assert!(first[0].body.contains(r#""prefix":"shop""#), "{first:?}");
    assert!(first[0].body.contains(r#""instruments":["#), "{first:?}");

    run.store(2, Ordering::Relaxed);
    push(&exporter, &provider, 2);
    server.wait_for(6);
    assert_eq!(catalogs(&server).len(), 2);
    let health = exporter.health();
    assert_eq!((health.requests_accepted, health.points_accepted), (4, 4));
}

#[test]
fn no_other_server_receives_the_catalogue() {
    for name in ["ActiveGate", "nginx", "", "not-dt-metrics-local/1"] {
        let server = Server::start(move |_, _| answer(202, name, 1));
        let exporter = to(&server).build().expect("valid");
        push(&exporter, &provider(&exporter), 2);
        assert_eq!(server.requests().len(), 2, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn another_host_does_not_receive_the_catalogue_whatever_its_name() {
    let server = Server::start(|_, _| answer(202, LOCAL, 1));
    // Reaches this host, but is not one of its loopback addresses.
    let url = server.url("/api/v2/metrics/ingest");
    let exporter = Exporter::builder()
        .endpoint(url.replace("127.0.0.1", "0.0.0.0"))
        .build()
        .expect("valid");
    push(&exporter, &provider(&exporter), 2);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn pushes_succeed_whatever_becomes_of_the_catalogue() {
    for reply in [
        Reply::Silence,
        Reply::Close,
        Reply::Endless,
        Reply::status(404),
        Reply::status(500),
    ] {
        let shown = format!("{reply:?}");
        let server = Server::start(move |_, request| {
            if is_catalog(request) {
                reply.clone()
            } else {
                answer(202, LOCAL, 1)
            }
        });
        let exporter = to(&server).build().expect("valid");
        push(&exporter, &provider(&exporter), 3);
        let health = exporter.health();
        assert_eq!(health.points_accepted, 3, "{shown}");
        assert_eq!((health.requests_failed, health.retries), (0, 0), "{shown}");
        assert!(!catalogs(&server).is_empty(), "{shown}");
    }
}
