//! The common part of the proofs: an SDK pipeline into the exporter, with the points that go in
//! counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dt_metrics::dynatrace::Exporter;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};

/// Longer than anything here takes on the slowest machine.
pub const AMPLE: Duration = Duration::from_secs(60);

/// A provider whose only reader, which collects on demand, feeds the exporter.
pub struct Pipeline {
    pub provider: SdkMeterProvider,
    pub exporter: Exporter,
    points: Arc<AtomicU64>,
}

impl Pipeline {
    pub fn new(
        exporter: Exporter,
        view: impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static,
    ) -> Self {
        let (counted, points) = Counted::new(exporter.clone());
        let reader = PeriodicReader::builder(counted)
            .with_interval(Duration::from_secs(86_400))
            .build();
        let provider = SdkMeterProvider::builder()
            .with_reader(reader)
            .with_view(view)
            .build();
        Self {
            provider,
            exporter,
            points,
        }
    }

    /// Collects, and waits for the answers to all that is sent.
    pub fn deliver(&self) {
        self.provider.force_flush().expect("the exporter takes it");
        self.exporter
            .flush(AMPLE)
            .expect("the server takes the requests");
    }

    /// The points passed to the exporter that carry information.
    pub fn points(&self) -> u64 {
        self.points.load(Ordering::Relaxed)
    }
}

/// An exporter whose points are counted on their way in.
pub struct Counted {
    exporter: Exporter,
    points: Arc<AtomicU64>,
}

impl Counted {
    pub fn new(exporter: Exporter) -> (Self, Arc<AtomicU64>) {
        let points = Arc::<AtomicU64>::default();
        let counted = Self {
            exporter,
            points: points.clone(),
        };
        (counted, points)
    }
}

impl PushMetricExporter for Counted {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let points = metrics
            .scope_metrics()
            .flat_map(ScopeMetrics::metrics)
            .map(|metric| match metric.data() {
                AggregatedMetrics::F64(data) => count(data, |value| value == 0.0),
                AggregatedMetrics::U64(data) => count(data, |value| value == 0),
                AggregatedMetrics::I64(data) => count(data, |value| value == 0),
            })
            .sum::<usize>();
        self.points.fetch_add(points as u64, Ordering::Relaxed);
        self.exporter.export(metrics).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

/// Unchanged counts and empty histograms carry no information.
fn count<T: Copy>(data: &MetricData<T>, is_zero: impl Fn(T) -> bool) -> usize {
    match data {
        MetricData::Gauge(gauge) => gauge.data_points().count(),
        MetricData::Sum(sum) => sum
            .data_points()
            .filter(|point| !(sum.is_monotonic() && is_zero(point.value())))
            .count(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .filter(|point| point.count() > 0)
            .count(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .filter(|point| point.count() > 0)
            .count(),
    }
}
