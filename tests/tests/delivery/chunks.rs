//! Requests of one collection that fail apart.

use std::time::Duration;

use dt_metrics::dynatrace::Exporter;
use dt_metrics_local::store::State;
use dt_metrics_local::{Fault, Server};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{Instrument, Stream};

use crate::common::accounting::{assert_accounted, assert_arrived};
use crate::common::proof::{AMPLE, Pipeline};

const LINES: i64 = 2_500;

/// A wait for an event that must not happen.
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

/// The second request of three meets this fault, once.
fn second(fault: impl Into<Fault>) -> impl FnOnce(&Server) {
    let fault = fault.into();
    move |server| {
        server.fail_next(1, Fault::None).unwrap();
        server.fail_next(1, fault).unwrap();
    }
}

#[test]
fn a_request_that_always_fails_does_not_affect_other_requests() {
    let (pipeline, server) = export(|server| {
        server.fail_containing("index=1500", 400).unwrap();
    });
    // Which of the three it is, the order of the SDK decides.
    let refused = |state: &State| {
        let mut requests = state.requests();
        let refused = requests.find(|request| request.fault.is_some());
        refused.map_or(0, |request| request.lines as u64)
    };
    let all = LINES.unsigned_abs();
    let arrived = server.wait_for(AMPLE, |state| state.totals().lines + refused(state) == all);
    assert!(arrived, "{:?}", pipeline.exporter.health());
    // The shutdown returns an error, unless the request was already given up.
    let _ = pipeline.exporter.shutdown(MOMENT);
    let health = pipeline.exporter.health();
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
    let refused = server.inspect(refused);
    assert!(refused == 500 || refused == 1_000, "{refused}");
    assert_eq!(
        (health.points_accepted, health.points_dropped),
        (all - refused, refused)
    );
    assert_eq!(server.totals().lines, all - refused);
}

#[test]
fn a_line_at_which_the_server_fails_is_found_and_the_others_arrive() {
    // These statuses do not prove that the request is at fault.
    for status in [404, 405, 410, 415, 418, 500] {
        let (pipeline, server) = export(|server| {
            server.fail_containing("index=1500", status).unwrap();
        });
        let others = LINES.unsigned_abs() - 1;
        let arrived = server.wait_for(AMPLE, |state| state.totals().lines == others);
        assert!(arrived, "{status}: {:?}", pipeline.exporter.health());
        pipeline.exporter.shutdown(MOMENT).unwrap_err();
        let health = pipeline.exporter.health();
        assert_accounted(LINES.unsigned_abs(), &health);
        assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
        assert_eq!((health.points_accepted, health.points_dropped), (others, 1));
        assert_eq!(server.totals().lines, others, "{status}");
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
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
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
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
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
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
    assert_eq!((health.points_accepted, health.points_dropped), (2_500, 0));
}
