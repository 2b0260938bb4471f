//! An exporter that adds up exported values.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics, SumDataPoint,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

/// The sums of each collection, by name.
#[derive(Clone)]
pub struct Sums {
    temporality: Temporality,
    seen: Arc<Mutex<Vec<(String, f64)>>>,
}

impl Sums {
    pub fn new(temporality: Temporality) -> Self {
        Self {
            temporality,
            seen: Arc::default(),
        }
    }

    pub fn of(&self, name: &str) -> Vec<f64> {
        let sums = self.seen.lock().unwrap();
        let named = sums.iter().filter(|(seen, _)| seen == name);
        named.map(|(_, value)| *value).collect()
    }
}

impl PushMetricExporter for Sums {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let total: f64 = match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    sum.data_points().map(|point| point.value() as f64).sum()
                }
                AggregatedMetrics::F64(MetricData::Sum(sum)) => {
                    sum.data_points().map(SumDataPoint::value).sum()
                }
                _ => continue,
            };
            let mut sums = self.seen.lock().unwrap();
            sums.push((metric.name().to_owned(), total));
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
        self.temporality
    }
}
