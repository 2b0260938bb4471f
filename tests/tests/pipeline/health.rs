//! The exporter's own metrics, its events, and its first push.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{AMPLE, server, to};
use dt_metrics::dynatrace::{DeliveryEvent, DropReason, Exporter};
use dt_metrics::{Builder, count};
use dt_metrics_local::Server;
use dt_metrics_local::store::State;
use opentelemetry_sdk::metrics::{Instrument, Stream};

#[test]
fn health_is_sent_as_metrics_if_enabled() {
    own_process!();
    let server = server();
    let metrics = to(&server).health_metrics(true).install().unwrap();
    server.answer_next(503, 1).unwrap();
    server.answer_next(400, 1).unwrap();
    count!("own.calls", 2);
    // 503, then 400.
    metrics.flush(AMPLE).unwrap_err();
    count!("own.calls", 3);
    metrics.flush(AMPLE).unwrap();
    let health = metrics.health();
    count!("own.calls", 4);
    metrics.flush(AMPLE).unwrap();

    assert_eq!(server.counter_total("own.calls", &[]), 7.0);
    let own = |name: &str| server.counter_total(&format!("dt_metrics.exporter.{name}"), &[]);
    assert!(health.points_accepted > 0);
    // In the first push all values were zero, so nothing was sent.
    assert_eq!(own("points_accepted"), health.points_accepted as f64);
    assert_eq!(own("points_dropped"), health.points_dropped as f64);
    assert_eq!(own("requests_accepted"), health.requests_accepted as f64);
    assert_eq!((own("requests_failed"), own("retries")), (2.0, 1.0));
    let rejected = [("reason", "request_rejected")];
    assert_eq!(
        server.counter_total("dt_metrics.exporter.dropped", &rejected),
        health.points_dropped as f64
    );
    let series = server.series();
    assert!(
        series
            .iter()
            .any(|series| &*series.metric == "dt_metrics.exporter.bytes_pending")
    );
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn without_asking_there_are_none() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    count!("own.calls");
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    let names: BTreeSet<_> = server.lines().iter().map(|line| line.key.clone()).collect();
    assert_eq!(names, BTreeSet::from(["own.calls".to_owned()]));
}

/// How long after the start each of several programs pushes first.
fn first_pushes(interval: Duration, configured: fn(&Server) -> Builder) -> Vec<Duration> {
    let first = |_| {
        let server = server();
        let start = Instant::now();
        let metrics = configured(&server)
            .push_interval(interval)
            .install()
            .unwrap();
        count!("own.calls");
        let pushed = |state: &State| state.requests().len() > 0;
        assert!(server.wait_for(AMPLE, pushed));
        let delay = start.elapsed();
        metrics.shutdown(AMPLE).unwrap();
        assert_eq!(server.counter_total("own.calls", &[]), 1.0);
        delay
    };
    let mut delays: Vec<_> = (0..12).map(first).collect();
    delays.sort();
    delays
}

#[test]
fn first_pushes_are_spread_over_the_interval() {
    own_process!();
    let interval = Duration::from_millis(400);
    let given = |server: &Server| {
        let exporter = Exporter::builder().endpoint(server.url()).build().unwrap();
        dt_metrics::builder().no_exporter().exporter(exporter)
    };
    let with_a_view = |server: &Server| {
        let none = |_: &Instrument| None::<Stream>;
        to(server).configure_provider(move |provider| provider.with_view(none))
    };
    for configured in [to, given, with_a_view] {
        let delays = first_pushes(interval, configured);
        assert!(delays[11] > delays[0] + interval / 4, "{delays:?}");
    }
}

#[test]
fn events_reach_the_program() {
    own_process!();
    let server = server();
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = told.clone();
    let metrics = to(&server)
        .on_delivery_event(move |event| {
            noted.lock().unwrap().push(event.clone());
            panic!("as a program may");
        })
        .install()
        .unwrap();
    server.answer_next(503, 2).unwrap();
    count!("own.calls");
    metrics.flush(AMPLE).unwrap();
    server.answer_next(400, 1).unwrap();
    count!("own.calls");
    metrics.flush(AMPLE).unwrap_err();
    metrics.shutdown(AMPLE).unwrap();
    let told = told.lock().unwrap().clone();
    let lost = DeliveryEvent::PointsDropped {
        points: 1,
        metric: None,
        reason: DropReason::RequestRejected,
    };
    assert!(
        matches!(&told[0], DeliveryEvent::Failing { reason } if reason.contains("503")),
        "{told:?}"
    );
    assert_eq!(told[1], DeliveryEvent::Recovered);
    assert!(told[2..].contains(&lost), "{told:?}");
}
