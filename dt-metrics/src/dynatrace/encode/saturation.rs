//! Data points of histograms whose sum is infinite: counted and explained for each metric.

use std::time::Duration;

use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use tokio::time::Instant;

use crate::dynatrace::encode::warnings::{EncodeReport, Subject};
use crate::throttle::Throttle;

/// The number of metrics that warnings name.
const MAX_METRICS: usize = 100;

/// A warning is repeated when its cause comes back after this time.
const SILENCE: Duration = Duration::from_secs(60 * 60);

/// Looks for infinite sums in one collection after the other.
pub(super) struct SaturationWatch {
    warned: Throttle<String>,
}

impl SaturationWatch {
    pub(super) fn new() -> Self {
        Self {
            warned: Throttle::new(SILENCE, MAX_METRICS),
        }
    }

    /// Adds the infinite sums of a collection to its report.
    pub(super) fn report(
        &mut self,
        metrics: &ResourceMetrics,
        now: Instant,
        report: &mut EncodeReport,
    ) {
        let scopes = metrics.scope_metrics();
        let in_scopes = scopes.flat_map(|it| it.metrics().map(|metric| (it.scope(), metric)));
        for (scope, metric) in in_scopes {
            let points = infinite_sums(metric);
            if points == 0 {
                continue;
            }
            let name = metric.name();
            *report.saturated.entry(name.to_owned()).or_default() += points;
            if self.warned.allows_after_silence(name, now) {
                report.warnings.push(format!(
                    "{}: the sum of the recorded values is greater than the greatest finite number, \
                     {:e}, which is sent instead; record smaller values",
                    Subject::new(scope, metric).describe(),
                    f64::MAX
                ));
            }
        }
    }
}

/// The number of data points with an infinite sum. Other numbers than floats have none.
fn infinite_sums(metric: &Metric) -> u64 {
    macro_rules! count {
        ($data:expr) => {
            $data
                .data_points()
                .map(|point| u64::from(!point.sum().is_finite()))
                .sum()
        };
    }
    match metric.data() {
        AggregatedMetrics::F64(MetricData::Histogram(data)) => count!(data),
        AggregatedMetrics::F64(MetricData::ExponentialHistogram(data)) => count!(data),
        _ => 0,
    }
}
