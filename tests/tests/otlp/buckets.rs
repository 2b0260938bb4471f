//! The buckets of durations over OTLP: percentiles are useful in any unit.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::common::{AMPLE, NEVER, server};
use dt_metrics::{measured, record, recorded, timed};
use dt_metrics_local::otlp::Data;

/// The boundaries of OpenTelemetry's semantic conventions for durations in seconds.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

#[timed(name = "buckets.timed")]
#[timed(name = "buckets.timed_us", unit = "us")]
#[timed(name = "buckets.timed_ns", unit = "ns")]
#[timed(name = "buckets.explicit", unit = "ms", boundaries = [1, 2, 3])]
#[measured(name = "buckets.measured", unit = "ms")]
fn call() {}

#[recorded(name = "buckets.recorded", value = *ret, unit = "ms")]
fn waited() -> f64 {
    40.0
}

/// The upper bound of the bucket that holds this part of the values.
fn percentile(bounds: &[f64], counts: &[u64], part: f64) -> f64 {
    let total: u64 = counts.iter().sum();
    let mut sum = 0;
    for (bound, count) in bounds.iter().zip(counts) {
        sum += count;
        if sum as f64 >= part * total as f64 {
            return *bound;
        }
    }
    f64::INFINITY
}

#[test]
fn durations_have_the_buckets_of_the_semantic_conventions_in_their_unit() {
    own_process!();
    let server = server();
    let metrics = dt_metrics::builder()
        .endpoint(server.url())
        .push_interval(NEVER)
        .otlp()
        .install()
        .unwrap();
    call();
    waited();
    // 90 of 100 calls take 40 ms, and the other calls 600 ms.
    for n in 0..100 {
        let took = Duration::from_millis(if n < 90 { 40 } else { 600 });
        record!("buckets.s", took.as_secs_f64(), unit = "s");
        record!(
            "buckets.ms",
            took.as_secs_f64() * 1e3,
            unit = "milliseconds"
        );
        record!("buckets.min", took.as_secs_f64() / 60.0, unit = "min");
        record!("buckets.size", 300.0, unit = "By");
    }
    metrics.flush(AMPLE).unwrap();
    let points = server.otlp_points().into_iter();
    let histograms: BTreeMap<_, _> = points
        .filter_map(|point| match point.data {
            Data::Histogram {
                bounds,
                bucket_counts,
                ..
            } => Some((point.metric.name.clone(), (bounds, bucket_counts))),
            _ => None,
        })
        .collect();
    let bounds = |key: &str| &histograms[key].0;
    for (key, per_second) in [
        ("buckets.timed", 1.0),
        ("buckets.timed_us", 1e6),
        ("buckets.timed_ns", 1e9),
        ("buckets.measured.duration", 1e3),
        ("buckets.recorded", 1e3),
        ("buckets.s", 1.0),
        ("buckets.ms", 1e3),
        ("buckets.min", 1.0 / 60.0),
    ] {
        let bounds = bounds(key);
        assert_eq!(bounds.len(), SECONDS.len(), "{key}: {bounds:?}");
        for (bound, second) in bounds.iter().zip(SECONDS) {
            let expected = second * per_second;
            assert!(
                (bound - expected).abs() <= expected * 1e-12,
                "{key}: {bounds:?}"
            );
        }
    }
    assert_eq!(bounds("buckets.timed")[..], SECONDS);
    assert_eq!(bounds("buckets.explicit")[..], [1.0, 2.0, 3.0]);
    let of = |key: &str, part| {
        let (bounds, counts) = &histograms[key];
        percentile(bounds, counts, part)
    };
    assert_eq!((of("buckets.s", 0.5), of("buckets.s", 0.95)), (0.05, 0.75));
    assert_eq!(
        (of("buckets.ms", 0.5), of("buckets.ms", 0.95)),
        (50.0, 750.0)
    );
    metrics.shutdown(AMPLE).unwrap();
}
