//! Requests of one collection that fail apart.

use std::time::Duration;

use dt_metrics::dynatrace::Exporter;
use dt_metrics_local::store::State;
use dt_metrics_local::{Fault, Server};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{Instrument, Stream};

use crate::common::proof::{AMPLE, Pipeline};

const LINES: i64 = 2_500;

/// Nobody waits for what does not come.
const MOMENT: Duration = Duration::from_millis(100);

fn without_limit(_: &Instrument) -> Option<Stream> {
    Stream::builder()
        .with_cardinality_limit(10_000)
        .build()
        .ok()
}

/// A collection of 2,500 lines, for a server that this was done to.
fn export(plan: impl FnOnce(&Server)) -> (Pipeline, Server) {
    let server = Server::builder().start().unwrap();
    plan(&server);
    let exporter = Exporter::builder().endpoint(server.url()).build().unwrap();
    let pipeline = Pipeline::new(exporter, without_limit);
    let gauge = pipeline.provider.meter("chunks").i64_gauge("load").build();
    for index in 0..LINES {
        gauge.record(index, &[KeyValue::new("index", index)]);
    }
    pipeline.provider.force_flush().unwrap();
    (pipeline, server)
}

/// The second of the three requests meets this, once.
fn second(fault: impl Into<Fault>) -> impl FnOnce(&Server) {
    let fault = fault.into();
    move |server| {
        server.fail_next(1, Fault::None).unwrap();
        server.fail_next(1, fault).unwrap();
    }
}

#[test]
fn a_request_that_fails_for_good_leaves_the_others_alone() {
    // Some statuses are never sent again: the request is dropped. Others may pass another day: the
    // line that fails is found, and retried by itself.
    for (status, found) in [
        (400, false),
        (404, true),
        (405, true),
        (410, true),
        (415, false),
        (418, false),
        (500, true),
    ] {
        let (pipeline, server) = export(|server| {
            server.fail_containing("index=1500", status).unwrap();
        });
        let all = LINES.unsigned_abs();
        let settled = |state: &State| {
            let lines = state.totals().lines;
            lines == all - 1 || !found && (lines == all - 500 || lines == all - 1_000)
        };
        let arrived = server.wait_for(AMPLE, settled);
        assert!(arrived, "{status}: {:?}", pipeline.exporter.health());
        // It says so, or it does not, if it has given up already.
        let _ = pipeline.exporter.shutdown(MOMENT);
        let health = pipeline.exporter.health();
        let lines = server.totals().lines;
        assert_eq!(lines == all - 1, found, "{status}");
        assert_eq!(
            (health.points_accepted, health.points_dropped),
            (lines, all - lines),
            "{status}"
        );
    }
}

#[test]
fn a_request_that_fails_for_a_while_arrives_in_its_place() {
    let (pipeline, server) = export(second(503));
    pipeline.exporter.flush(AMPLE).unwrap();
    assert_eq!(server.totals().lines, 2_500);
    let order: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.lines)
        .collect();
    assert_eq!(order[1], order[2], "sent again before the third: {order:?}");
    let health = pipeline.exporter.health();
    assert_eq!((health.points_accepted, health.retries), (2_500, 1));
}

#[test]
fn of_a_request_that_is_refused_in_part_the_rest_arrives_once() {
    let (pipeline, server) = export(second(Fault::RefuseLines(100)));
    pipeline.exporter.flush(AMPLE).unwrap();
    assert_eq!(
        (server.totals().lines, server.totals().rejected),
        (2_400, 100)
    );
    let health = pipeline.exporter.health();
    assert_eq!(
        (
            health.points_accepted,
            health.points_rejected,
            health.retries
        ),
        (2_400, 100, 0)
    );
}

#[test]
fn a_request_that_is_too_large_arrives_in_pieces() {
    let (pipeline, server) = export(|server| {
        server.fail_always(Fault::BodyLimit(20_000)).unwrap();
    });
    pipeline.exporter.flush(AMPLE).unwrap();
    assert_eq!(server.totals().lines, 2_500);
    let health = pipeline.exporter.health();
    assert_eq!((health.points_accepted, health.points_dropped), (2_500, 0));
}
