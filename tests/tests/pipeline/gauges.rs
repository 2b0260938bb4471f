//! Gauges: how their series end, and values that are not numbers.

use std::time::Duration;

use crate::common::export::gauges;
use crate::common::{AMPLE, server, to};
use dt_metrics::{Builder, gauge, record, up_down_counter};
use dt_metrics_local::Server;
use opentelemetry::KeyValue;

fn lines(server: &Server, key: &str) -> usize {
    let lines = server.lines();
    lines.iter().filter(|line| line.key == key).count()
}

#[test]
fn a_gauge_that_is_not_set_ends_after_its_expiry_and_begins_again() {
    own_process!();
    let server = server();
    let metrics = to(&server)
        .gauge_expiry(Duration::from_nanos(1))
        .install()
        .unwrap();
    let set = |id: u32| gauge!("gauges.once", 1, dims(id = id));
    set(1);
    for _ in 0..3 {
        gauge!("gauges.again", 2, dims(id = 2));
        metrics.flush(AMPLE).unwrap();
    }
    assert_eq!(lines(&server, "gauges.once"), 1);
    assert_eq!(lines(&server, "gauges.again"), 3);
    set(1);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(lines(&server, "gauges.once"), 2);
    assert_eq!(lines(&server, "gauges.again"), 3);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn a_gauge_stays_without_an_expiry_and_with_one_that_is_not_over() {
    own_process!();
    let server = server();
    let metrics = to(&server).gauge_expiry(AMPLE * 100).install().unwrap();
    gauge!("gauges.stays", 1);
    (0..3).for_each(|_| metrics.flush(AMPLE).unwrap());
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(lines(&server, "gauges.stays"), 4);
    let metrics = to(&server).install().unwrap();
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(lines(&server, "gauges.stays"), 5);
}

fn levels_at_zero_end(metrics: Builder, server: &Server) {
    let metrics = metrics
        .gauge_expiry(Duration::from_nanos(1))
        .install()
        .unwrap();
    let meter = opentelemetry::global::meter("gauges");
    let floats = meter.f64_up_down_counter("gauges.level.float").build();
    let add = |id: u32, amount: i64| up_down_counter!("gauges.level", amount, dims(id = id));
    up_down_counter!("gauges.level.busy", 3);
    for amount in [1, -1, 0, 0, 2, -2, 0] {
        add(1, amount);
        floats.add(amount as f64 / 2.0, &[KeyValue::new("id", "a")]);
        metrics.flush(AMPLE).unwrap();
    }
    let levels = |key| gauges(server, key, &[]);
    assert_eq!(levels("gauges.level"), [1.0, 0.0, 2.0, 0.0]);
    assert_eq!(levels("gauges.level.float"), [0.5, 0.0, 1.0, 0.0]);
    assert_eq!(levels("gauges.level.busy"), [3.0; 7]);
    // A series of its own begins, and the other one stays ended.
    add(2, 1);
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(levels("gauges.level"), [1.0, 0.0, 2.0, 0.0, 1.0]);
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
}

#[test]
fn a_level_that_stays_at_zero_ends_after_the_expiry_and_begins_again() {
    own_process!();
    let server = server();
    levels_at_zero_end(to(&server), &server);
}

#[test]
fn a_level_that_stays_at_zero_also_ends_over_otlp() {
    own_process!();
    let server = server();
    levels_at_zero_end(to(&server).otlp(), &server);
}

#[test]
fn a_level_stays_without_an_expiry_and_with_one_that_is_not_over() {
    own_process!();
    for expiry in [None, Some(AMPLE * 100)] {
        let server = server();
        let metrics = match expiry {
            Some(expiry) => to(&server).gauge_expiry(expiry),
            None => to(&server),
        };
        let metrics = metrics.install().unwrap();
        for amount in [1, -1, 0] {
            up_down_counter!("gauges.level", amount);
            metrics.flush(AMPLE).unwrap();
        }
        metrics.shutdown(AMPLE).unwrap();
        assert_eq!(gauges(&server, "gauges.level", &[]), [1.0, 0.0, 0.0, 0.0]);
    }
}

#[test]
fn values_that_are_no_numbers_are_counted_in_health() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for value in [f64::NAN, f64::INFINITY, 1.0] {
        record!("gauges.recorded", value);
        gauge!("gauges.set", value, dims(id = "a"));
    }
    record!("gauges.by_id", f64::NEG_INFINITY, dims(id = "a"));
    metrics.flush(AMPLE).unwrap();
    let health = metrics.health();
    assert_eq!(health.dropped.get("not_finite"), Some(&5));
    assert_eq!(lines(&server, "gauges.recorded"), 1);
    assert_eq!(lines(&server, "gauges.set"), 1);
    metrics.shutdown(AMPLE).unwrap();
}
