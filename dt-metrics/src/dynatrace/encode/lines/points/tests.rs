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

use crate::dynatrace::encode::idle::Ended;
use crate::dynatrace::encode::lines::points::{Point, PointReader, millis};
use crate::line::{Number, Payload};

/// The converted data of one collection.
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
            let read = reader.for_each(metric, &mut Ended::default(), |point| seen.point(point));
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
fn cumulative_counts_are_refused() {
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
