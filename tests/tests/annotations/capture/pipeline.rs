//! Captured measurements still reach the pipeline.

use std::thread;
use std::time::Duration;

use dt_metrics::testing::capture;
use dt_metrics::{counted, gauge, in_flight, timed};

use crate::common::{AMPLE, server, to};

#[test]
fn captured_measurements_reach_the_pipeline_before_and_after_its_start() {
    #[counted(name = "capture.sent", dims(id = id), cardinality_limit = 2)]
    #[timed(name = "capture.sent.duration", dims(id = id), cardinality_limit = 2)]
    #[in_flight(name = "capture.sent.in_flight", dims(id = id), cardinality_limit = 2)]
    fn sent(id: u64) {
        gauge!("capture.sent.last", id);
    }

    own_process!();
    let server = server();
    let seen_before = capture(|| (0..10).for_each(sent));
    let metrics = to(&server).install().unwrap();
    let seen = capture(|| {
        (0..10).for_each(sent);
        metrics.flush(AMPLE).unwrap();
        (0..10).for_each(sent);
    });
    sent(0);
    metrics.shutdown(AMPLE).unwrap();
    let after = capture(|| (0..10).for_each(sent));

    for (seen, calls) in [(seen_before, 1), (seen, 2), (after, 1)] {
        for id in 0..10 {
            let of = |name| seen.counter(name).with("id", id).value();
            assert_eq!(of("capture.sent"), calls, "{seen:?}");
            let durations = seen.histogram("capture.sent.duration").with("id", id);
            assert_eq!(durations.count(), calls, "{seen:?}");
            let in_flight = seen
                .up_down_counter("capture.sent.in_flight")
                .with("id", id);
            assert_eq!(in_flight.value(), 0, "{seen:?}");
        }
    }
    assert_eq!(server.counter_total("capture.sent", &[]), 31.0);
    // Series that a capture distinguishes are still merged beyond the limit.
    let overflow = [("otel.metric.overflow", "true")];
    assert_eq!(server.counter_total("capture.sent", &overflow), 24.0);
    let durations: Vec<_> = server
        .series()
        .into_iter()
        .filter(|series| series.metric == "capture.sent.duration")
        .collect();
    let values = |key: &str, value: &str| {
        let dimension = (key.to_owned(), value.to_owned());
        durations
            .iter()
            .filter(|series| series.dimensions.contains(&dimension))
            .map(|series| series.values)
            .collect::<Vec<_>>()
    };
    assert_eq!(values("id", "0"), [4]);
    assert_eq!(values("id", "1"), [3]);
    assert_eq!(values("otel.metric.overflow", "true"), [24]);
    assert_eq!(durations.len(), 3);
}

#[test]
fn captures_are_exact_while_series_come_and_go() {
    #[counted(name = "capture.passing", dims(id = id), cardinality_limit = 20)]
    #[timed(name = "capture.passing.duration", dims(id = id), cardinality_limit = 20)]
    fn passing(id: u64) {
        let _ = id;
    }

    const THREADS: u64 = 8;
    const ROUNDS: u64 = 400;
    own_process!();
    let server = server();
    let metrics = to(&server)
        .push_interval(Duration::from_millis(1))
        .install()
        .unwrap();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let metrics = &metrics;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // Combinations go out of use, come back, and are more than the limit.
                    let id = round / 10 % 7 * THREADS + thread;
                    passing(id);
                    let seen = capture(|| {
                        passing(id);
                        passing(id);
                    });
                    passing(id);
                    let calls = seen.counter("capture.passing");
                    let durations = seen.histogram("capture.passing.duration");
                    assert_eq!(calls.clone().with("id", id).value(), 2, "{seen:?}");
                    assert_eq!(durations.clone().with("id", id).count(), 2, "{seen:?}");
                    assert_eq!((calls.value(), durations.count()), (2, 2), "{seen:?}");
                    if round % 10 == 0 {
                        metrics.flush(AMPLE).unwrap();
                    }
                }
            });
        }
    });
    metrics.shutdown(AMPLE).unwrap();
    let calls = THREADS * ROUNDS * 4;
    assert_eq!(server.counter_total("capture.passing", &[]), calls as f64);
    let values: u64 = server
        .series()
        .iter()
        .filter(|series| series.metric == "capture.passing.duration")
        .map(|series| series.values)
        .sum();
    assert_eq!(values, calls);
}
