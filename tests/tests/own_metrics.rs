//! The exporter's own numbers, what it tells, and its first push.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{AMPLE, alone, server, to};
use dt_metrics::count;
use dt_metrics::dynatrace::DeliveryEvent;

#[test]
fn health_is_sent_as_metrics_if_asked_for() {
    let _turn = alone();
    let server = server();
    let metrics = to(&server).health_metrics(true).install().unwrap();
    server.answer_next(503, 1).unwrap();
    server.answer_next(422, 1).unwrap();
    count!("own.calls", 2);
    // 503, then 422.
    metrics.flush(AMPLE).unwrap_err();
    count!("own.calls", 3);
    metrics.flush(AMPLE).unwrap();
    let health = metrics.health();
    count!("own.calls", 4);
    metrics.flush(AMPLE).unwrap();

    assert_eq!(server.counter_total("own.calls", &[]), 7.0);
    let own = |name: &str| server.counter_total(&format!("dt_metrics.exporter.{name}"), &[]);
    assert!(health.lines_ok > 0);
    // The first push said that all was zero, that is, nothing.
    assert_eq!(own("lines_ok"), health.lines_ok as f64);
    assert_eq!(own("lines_dropped"), health.lines_dropped as f64);
    assert_eq!(own("requests_ok"), health.requests_ok as f64);
    assert_eq!((own("requests_failed"), own("retries")), (2.0, 1.0));
    let rejected = [("reason", "request_rejected")];
    assert_eq!(
        server.counter_total("dt_metrics.exporter.dropped", &rejected),
        health.lines_dropped as f64
    );
    let series = server.series();
    assert!(
        series
            .iter()
            .any(|series| &*series.metric == "dt_metrics.exporter.buffered_bytes")
    );
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn without_asking_there_are_none() {
    let _turn = alone();
    let server = server();
    let metrics = to(&server).install().unwrap();
    count!("own.calls");
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    let names: BTreeSet<_> = server.lines().iter().map(|line| line.key.clone()).collect();
    assert_eq!(names, BTreeSet::from(["own.calls".to_owned()]));
}

#[test]
fn first_pushes_are_spread_over_the_interval() {
    let _turn = alone();
    let interval = Duration::from_millis(400);
    let mut delays = Vec::new();
    for _ in 0..12 {
        let server = server();
        let start = Instant::now();
        let metrics = to(&server).push_interval(interval).install().unwrap();
        count!("own.calls");
        let pushed = |state: &dt_metrics_local::store::State| state.requests().len() > 0;
        assert!(server.wait_for(AMPLE, pushed));
        delays.push(start.elapsed());
        metrics.shutdown(AMPLE).unwrap();
        assert_eq!(server.counter_total("own.calls", &[]), 1.0);
    }
    let (first, last) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
    assert!(*last > *first + interval / 4, "{delays:?}");
}

#[test]
fn what_happens_is_told_to_the_program() {
    let _turn = alone();
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
    server.answer_next(422, 1).unwrap();
    count!("own.calls");
    metrics.flush(AMPLE).unwrap_err();
    metrics.shutdown(AMPLE).unwrap();
    let told = told.lock().unwrap().clone();
    let lost = DeliveryEvent::LinesDropped {
        lines: 1,
        reason: "request_rejected",
    };
    assert!(
        matches!(&told[0], DeliveryEvent::Failing { reason } if reason.contains("503")),
        "{told:?}"
    );
    assert_eq!(told[1], DeliveryEvent::Recovered);
    assert!(told[2..].contains(&lost), "{told:?}");
}
