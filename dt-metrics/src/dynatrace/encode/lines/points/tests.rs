use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{ResourceMetrics, ScopeMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};
use proptest::prelude::*;

use crate::dynatrace::encode::lines::points::{
    Point, PointReader, explicit_range, exponential_range, millis, span, summary,
};
use crate::line::{Number, Payload};

/// What one collection was converted to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    points: Vec<(String, Payload)>,
    timestamps: Vec<i64>,
    refused: Vec<u64>,
}

impl Seen {
    fn point(&mut self, point: &Point<'_>) {
        let attributes: Vec<_> = point
            .attributes
            .iter()
            .map(|pair| format!("{}={}", pair.key, pair.value))
            .collect();
        self.points.push((attributes.join(","), point.payload));
        self.timestamps.push(point.timestamp_ms);
    }
}

#[derive(Clone)]
struct Recorder {
    seen: Arc<Mutex<Seen>>,
    temporality: Temporality,
}

impl PushMetricExporter for Recorder {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut seen = Seen::default();
        let mut reader = PointReader::default();
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let read = reader.for_each(metric, |point| seen.point(point));
            seen.refused
                .extend(read.err().map(|unsupported| unsupported.points));
        }
        *self.seen.lock().expect("whole") = seen;
        Ok(())
    }
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
    fn temporality(&self) -> Temporality {
        self.temporality
    }
}

/// Records, collects, converts; with this aggregation of histograms, if any.
fn converted(
    temporality: Temporality,
    aggregation: Option<Aggregation>,
    record: impl FnOnce(&Meter),
) -> Seen {
    let recorder = Recorder {
        seen: Arc::default(),
        temporality,
    };
    collected(&recorder, aggregation, record)
}

fn collected(
    recorder: &Recorder,
    aggregation: Option<Aggregation>,
    record: impl FnOnce(&Meter),
) -> Seen {
    let reader = PeriodicReader::builder(recorder.clone())
        .with_interval(Duration::from_secs(3_600))
        .build();
    let view = move |_: &Instrument| {
        Stream::builder()
            .with_aggregation(aggregation.clone()?)
            .build()
            .ok()
    };
    let provider = SdkMeterProvider::builder()
        .with_reader(reader)
        .with_view(view)
        .build();
    record(&provider.meter("test"));
    provider.force_flush().expect("recorded");
    let seen = recorder.seen.lock().expect("whole");
    seen.clone()
}

fn points(record: impl FnOnce(&Meter)) -> Vec<(String, Payload)> {
    converted(Temporality::Delta, None, record).points
}

fn only(record: impl FnOnce(&Meter)) -> Payload {
    let points = points(record);
    assert_eq!(points.len(), 1, "{points:?}");
    points[0].1
}

#[test]
fn each_instrument_has_its_payload() {
    let at = [KeyValue::new("k", "v")];
    let count = points(|meter| meter.u64_counter("m").build().add(u64::MAX, &at));
    assert_eq!(
        count,
        [("k=v".into(), Payload::Count(Number::U64(u64::MAX)))]
    );
    let count = only(|meter| meter.f64_counter("m").build().add(0.5, &[]));
    assert_eq!(count, Payload::Count(Number::F64(0.5)));
    let gauge = only(|meter| meter.i64_up_down_counter("m").build().add(-3, &[]));
    assert_eq!(gauge, Payload::Gauge(Number::I64(-3)));
    let gauge = only(|meter| meter.f64_gauge("m").build().record(1.5, &[]));
    assert_eq!(gauge, Payload::Gauge(Number::F64(1.5)));
    let gauge = only(|meter| {
        meter
            .u64_observable_gauge("m")
            .with_callback(|observer| observer.observe(0, &[]))
            .build();
    });
    assert_eq!(gauge, Payload::Gauge(Number::U64(0)));
}

#[test]
fn a_delta_of_zero_is_not_sent_but_an_up_down_counter_at_zero_is() {
    assert_eq!(
        points(|meter| meter.u64_counter("m").build().add(0, &[])),
        []
    );
    assert_eq!(
        only(|meter| meter.i64_up_down_counter("m").build().add(0, &[])),
        Payload::Gauge(Number::I64(0))
    );
}

#[test]
fn histograms_of_each_type_have_their_signs() {
    let summary = |min, max, sum, count| Payload::Summary {
        min,
        max,
        sum,
        count,
    };
    let record = |meter: &Meter| {
        let histogram = meter.u64_histogram("m").build();
        for value in [2, 1 << 40] {
            histogram.record(value, &[]);
        }
    };
    let sum = 1_099_511_627_778.0;
    assert_eq!(only(record), summary(2.0, sum - 2.0, sum, 2));

    let record = |meter: &Meter| {
        let histogram = meter.f64_histogram("m").build();
        for value in [-8.0, 0.0, 0.0, 4.0] {
            histogram.record(value, &[]);
        }
    };
    let exponential = |record_min_max| Aggregation::Base2ExponentialHistogram {
        max_size: 160,
        max_scale: 0,
        record_min_max,
    };
    let recorded = converted(Temporality::Delta, Some(exponential(true)), record);
    assert_eq!(recorded.points[0].1, summary(-8.0, 4.0, -4.0, 4));
    let estimated = converted(Temporality::Delta, Some(exponential(false)), record);
    assert_eq!(estimated.points[0].1, summary(-8.0, 4.0, -4.0, 4));

    let zeros = |meter: &Meter| {
        let histogram = meter.f64_histogram("m").build();
        for value in [0.0, 0.0] {
            histogram.record(value, &[]);
        }
    };
    let estimated = converted(Temporality::Delta, Some(exponential(false)), zeros);
    assert_eq!(estimated.points[0].1, summary(0.0, 0.0, 0.0, 2));
}

#[test]
fn histograms_are_summaries() {
    let record = |meter: &Meter| {
        let histogram = meter.f64_histogram("m").build();
        for value in [3.0, 40.0, 8.0] {
            histogram.record(value, &[]);
        }
    };
    assert_eq!(
        only(record),
        Payload::Summary {
            min: 3.0,
            max: 40.0,
            sum: 51.0,
            count: 3
        }
    );

    let explicit = Aggregation::ExplicitBucketHistogram {
        boundaries: vec![0.0, 5.0, 10.0, 50.0],
        record_min_max: false,
    };
    let estimated = converted(Temporality::Delta, Some(explicit), record);
    let expected = Payload::Summary {
        min: 0.0,
        max: 50.0,
        sum: 51.0,
        count: 3,
    };
    assert_eq!(estimated.points, [(String::new(), expected)]);

    for record_min_max in [true, false] {
        let exponential = Aggregation::Base2ExponentialHistogram {
            max_size: 160,
            max_scale: 0,
            record_min_max,
        };
        let seen = converted(Temporality::Delta, Some(exponential), record);
        let [
            (
                _,
                Payload::Summary {
                    min,
                    max,
                    sum,
                    count,
                },
            ),
        ] = seen.points[..]
        else {
            panic!("{seen:?}");
        };
        let expected = if record_min_max {
            (3.0, 40.0)
        } else {
            (2.0, 64.0)
        };
        assert_eq!(((min, max), sum, count), (expected, 51.0, 3));
    }
}

#[test]
fn what_adds_up_from_the_start_is_refused() {
    let seen = converted(Temporality::Cumulative, None, |meter| {
        let counter = meter.u64_counter("count").build();
        counter.add(1, &[]);
        counter.add(1, &[KeyValue::new("k", "v")]);
        meter.f64_histogram("histogram").build().record(1.0, &[]);
        meter
            .i64_up_down_counter("up_down_counter")
            .build()
            .add(1, &[]);
        meter.i64_gauge("gauge").build().record(1, &[]);
    });
    let mut refused = seen.refused.clone();
    refused.sort_unstable();
    assert_eq!((refused, seen.points.len()), (vec![1, 2], 2), "{seen:?}");
}

#[test]
fn the_time_is_that_of_the_collection() {
    let before = millis(SystemTime::now());
    let seen = converted(Temporality::Delta, None, |meter| {
        meter.u64_counter("m").build().add(1, &[]);
    });
    let after = millis(SystemTime::now());
    assert!((before..=after).contains(&seen.timestamps[0]));
    assert_eq!(millis(UNIX_EPOCH + Duration::from_millis(1_234)), 1_234);
    assert_eq!(millis(UNIX_EPOCH - Duration::from_secs(1)), 0);
}

#[test]
fn an_explicit_range_spans_the_outermost_buckets() {
    let cases: [(&[f64], &[u64], _); 8] = [
        (&[1.0, 2.0, 3.0], &[0, 1, 1, 0], (Some(1.0), Some(3.0))),
        (&[1.0, 2.0, 3.0], &[0, 1, 0, 0], (Some(1.0), Some(2.0))),
        (&[1.0, 2.0, 3.0], &[1, 0, 0, 0], (Some(1.0), Some(1.0))),
        (&[1.0, 2.0, 3.0], &[0, 0, 0, 1], (Some(3.0), Some(3.0))),
        (&[1.0, 2.0, 3.0], &[1, 0, 0, 1], (Some(1.0), Some(3.0))),
        (&[1.0, 2.0, 3.0], &[0, 0, 0, 0], (None, None)),
        (&[], &[5], (None, None)),
        (&[], &[], (None, None)),
    ];
    for (bounds, counts, expected) in cases {
        let range = explicit_range(bounds.iter().copied(), counts.iter().copied());
        assert_eq!(range, expected, "{bounds:?} {counts:?}");
    }
}

#[test]
fn an_exponential_range_spans_the_outermost_buckets() {
    let none = None;
    // Scale 0: the base is 2.
    let cases = [
        (
            None,
            none,
            span(1, [0, 1, 0, 1, 0]),
            (Some(4.0), Some(32.0)),
        ),
        (
            None,
            span(1, [0, 1, 0, 1, 0]),
            none,
            (Some(-32.0), Some(-4.0)),
        ),
        (Some(0.0), none, span(-1, [1]), (Some(0.0), Some(1.0))),
        (Some(0.5), none, none, (Some(-0.5), Some(0.5))),
        (Some(0.0), none, none, (Some(0.0), Some(0.0))),
        (None, span(0, [1]), span(0, [1]), (Some(-2.0), Some(2.0))),
        (None, none, none, (None, None)),
    ];
    for (zero, negative, positive, expected) in cases {
        assert_eq!(exponential_range(0, zero, negative, positive), expected);
    }
    let far = exponential_range(-10, None, none, span(1, [1]));
    assert_eq!(far.1, Some(f64::MAX));
    let (min, max) = exponential_range(1, None, none, span(1, [1]));
    assert!((min.expect("a bucket") - 2_f64.sqrt()).abs() < 1e-12);
    assert!((max.expect("a bucket") - 2.0).abs() < 1e-12);
}

#[test]
fn nothing_recorded_is_no_summary() {
    assert_eq!(summary(0, 0.0, (None, None), || (None, None)), None);
}

#[test]
fn what_is_known_is_not_estimated() {
    let never = || panic!("there is nothing to estimate");
    let both = summary(2, 3.0, (Some(1.0), Some(2.0)), never);
    assert_eq!(
        both,
        Some(Payload::Summary {
            min: 1.0,
            max: 2.0,
            sum: 3.0,
            count: 2
        })
    );
    let single = summary(1, 3.0, (None, None), never);
    assert_eq!(
        single,
        Some(Payload::Summary {
            min: 3.0,
            max: 3.0,
            sum: 3.0,
            count: 1
        })
    );
    let no_buckets = summary(2, 3.0, (None, None), || (None, None));
    assert_eq!(
        no_buckets,
        Some(Payload::Summary {
            min: 1.5,
            max: 1.5,
            sum: 3.0,
            count: 2
        })
    );
}

proptest! {
    #[test]
    fn the_mean_lies_within(
        values in prop::collection::vec(-1e12_f64..1e12, 1..200),
        bounds in prop::collection::btree_set(-1_000_000_i32..1_000_000, 0..8),
        recorded: bool,
    ) {
        let bounds: Vec<_> = bounds.into_iter().map(f64::from).collect();
        let mut counts = vec![0_u64; bounds.len() + 1];
        for value in &values {
            counts[bounds.partition_point(|bound| bound < value)] += 1;
        }
        let range = recorded.then(|| {
            let min = values.iter().copied().fold(f64::INFINITY, f64::min);
            (Some(min), Some(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)))
        });
        let payload = summary(
            values.len() as u64,
            values.iter().sum(),
            range.unwrap_or_default(),
            || explicit_range(bounds.clone(), counts.clone()),
        );
        let Some(Payload::Summary { min, max, sum, count }) = payload else {
            panic!("{payload:?}");
        };
        let mean = sum / f64::from(u32::try_from(count).expect("few"));
        prop_assert!(min <= mean && mean <= max, "{min} {mean} {max}");
    }
}

#[test]
fn bounds_that_hold_the_mean_are_not_moved() {
    for (value, count) in [(0.1, 3_u32), (1e9, 3), (-1e15, 7), (4.0, 1), (0.0, 9)] {
        let sum = value * f64::from(count);
        let payload = summary(
            count.into(),
            sum,
            (Some(value), Some(value)),
            Default::default,
        );
        let Some(Payload::Summary { min, max, .. }) = payload else {
            panic!("{payload:?}");
        };
        assert!((min - value).abs() < 1e-12 && (max - value).abs() < 1e-12);
    }
    // Seven times this is not a double.
    let value = 9_007_199_254_740_991.0;
    let payload = summary(7, value * 7.0, (Some(value), Some(value)), Default::default);
    let Some(Payload::Summary { min, max, sum, .. }) = payload else {
        panic!("{payload:?}");
    };
    assert!(min * 7.0 <= sum && sum <= max * 7.0);
    let overflown = summary(
        2,
        f64::INFINITY,
        (Some(1.0), Some(f64::MAX)),
        Default::default,
    );
    assert!(overflown.is_some_and(|payload| payload.check().is_err()));
}

proptest! {
    /// Whole numbers are compared without any rounding.
    #[test]
    fn the_mean_of_large_values_lies_within_for_an_exact_reader(
        values in prop::collection::vec(-(1_i64 << 62)..1 << 62, 1..50),
        same: bool,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "these are the doubles to test")]
        let mut values: Vec<_> = values.iter().map(|value| *value as f64).collect();
        if same {
            let first = values[0];
            values.fill(first);
        }
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let payload = summary(
            values.len() as u64,
            values.iter().sum(),
            (Some(least), Some(greatest)),
            Default::default,
        );
        let Some(Payload::Summary { min, max, sum, count }) = payload else {
            panic!("{payload:?}");
        };
        #[expect(clippy::cast_possible_truncation, reason = "far below 2 ^ 127")]
        let whole = |value: f64| value as i128;
        let count = i128::from(count);
        prop_assert!(whole(min.floor()) * count <= whole(sum), "{min} {sum} {count}");
        prop_assert!(whole(sum) <= whole(max.ceil()) * count, "{max} {sum} {count}");
    }
}
