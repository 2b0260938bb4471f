//! Tests of bound histograms, in providers of the SDK.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, MeterProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};

use super::{BoundHistograms, MOST, VALUES_PER_BINDING};

/// The data of one series.
#[derive(Debug, PartialEq)]
struct Point {
    count: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    buckets: Vec<u64>,
}

/// Keeps the points of the last collection, by their attributes.
#[derive(Clone, Default)]
struct Points(Arc<Mutex<BTreeMap<String, Point>>>);

impl PushMetricExporter for Points {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut points = self.0.lock().unwrap();
        points.clear();
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else {
                continue;
            };
            for point in histogram.data_points() {
                let attributes = point
                    .attributes()
                    .map(|it| format!("{}={}", it.key, it.value));
                let data = Point {
                    count: point.count(),
                    sum: point.sum(),
                    min: point.min(),
                    max: point.max(),
                    buckets: point.bucket_counts().collect(),
                };
                points.insert(attributes.collect(), data);
            }
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

/// A histogram of which the SDK keeps at most `limit` series.
struct Sdk {
    provider: SdkMeterProvider,
    histogram: Histogram<f64>,
    points: Points,
}

impl Sdk {
    fn new(limit: usize) -> Self {
        let points = Points::default();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(points.clone()).build())
            .with_view(move |_: &Instrument| {
                let stream = Stream::builder().with_cardinality_limit(limit);
                stream.build().ok()
            })
            .build();
        let histogram = provider.meter("test").f64_histogram("bound.test").build();
        Self {
            provider,
            histogram,
            points,
        }
    }

    fn collect(&self) -> BTreeMap<String, Point> {
        self.points.0.lock().unwrap().clear();
        self.provider.force_flush().unwrap();
        std::mem::take(&mut self.points.0.lock().unwrap())
    }
}

fn attributes(series: u32) -> [KeyValue; 1] {
    [KeyValue::new("series", i64::from(series))]
}

/// Records values in turns of these series, as a drain does. Returns how many were recorded through a bound
/// histogram.
fn record(sdk: &Sdk, bound: &mut BoundHistograms, series: u32, values: u32) -> u32 {
    let mut through_bound = 0;
    for value in 0..values {
        let slot = value % series;
        let attributes = attributes(slot);
        let histogram = if bound.get(slot).is_some() {
            bound.get(slot)
        } else {
            bound.offer(slot, 1, &sdk.histogram, &attributes)
        };
        match histogram {
            Some(histogram) => {
                histogram.record(value.into());
                through_bound += 1;
            }
            None => sdk.histogram.record(value.into(), &attributes),
        }
    }
    through_bound
}

#[test]
fn values_are_the_same_with_and_without_a_binding() {
    let (sdk, plain) = (Sdk::new(100), Sdk::new(100));
    let mut bound = BoundHistograms::default();
    let (series, values) = (7, 10_000);
    let through_bound = record(&sdk, &mut bound, series, values);
    assert!(through_bound > values * 9 / 10, "{through_bound}");
    assert!(through_bound < values);
    for value in 0..values {
        let attributes = attributes(value % series);
        plain.histogram.record(value.into(), &attributes);
    }
    let points = plain.collect();
    assert_eq!(points.len(), series as usize);
    assert_eq!(sdk.collect(), points);
}

#[test]
fn few_values_of_many_series_are_bound_seldom() {
    let sdk = Sdk::new(50_000);
    let mut bound = BoundHistograms::default();
    let values = 100 * u32::try_from(VALUES_PER_BINDING).unwrap();
    record(&sdk, &mut bound, values, values);
    assert_eq!(bound.by_slot.len(), 100);
    let values = u32::try_from((MOST + 10) * VALUES_PER_BINDING).unwrap();
    record(&sdk, &mut bound, values, values);
    assert_eq!(bound.by_slot.len(), MOST);
}

#[test]
fn a_series_that_is_given_back_makes_room_in_the_sdk() {
    let sdk = Sdk::new(1);
    let mut bound = BoundHistograms::default();
    record(&sdk, &mut bound, 1, 100);
    assert!(bound.get(0).is_some());
    // As a collection of the bridge does.
    bound.release();
    assert!(bound.get(0).is_none());
    assert_eq!(sdk.collect()["series=0"].count, 100);
    // The SDK removes a series that had no value since the last collection.
    assert!(sdk.collect().is_empty());
    sdk.histogram.record(1.0, &attributes(1));
    let points = sdk.collect();
    assert_eq!(points.keys().collect::<Vec<_>>(), ["series=1"]);
}
