//! Data points of overflow series: counted for each metric, whoever merged the series.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use tokio::time::Instant;

use crate::dynatrace::encode::warnings::{EncodeReport, Subject};
use crate::instrument::has_overflow_series;
use crate::throttle::Throttle;

/// The only attribute of an overflow series, as OpenTelemetry names it.
const OVERFLOW: &str = "otel.metric.overflow";

/// The number of metrics that warnings name.
const MAX_METRICS: usize = 100;

/// A warning is repeated when its cause comes back after this time.
const SILENCE: Duration = Duration::from_secs(60 * 60);

/// Looks for overflow series in one collection after the other.
pub(super) struct OverflowWatch {
    warned: Throttle<String>,
}

impl OverflowWatch {
    pub(super) fn new() -> Self {
        Self {
            warned: Throttle::new(SILENCE, MAX_METRICS),
        }
    }

    /// Adds the overflow series of a collection to its report. If an instrument of this library has
    /// reached its own limit, a warning named it then; here is one for all other limits.
    pub(super) fn report(
        &mut self,
        metrics: &ResourceMetrics,
        now: Instant,
        report: &mut EncodeReport,
    ) {
        let scopes = metrics.scope_metrics();
        let in_scopes = scopes.flat_map(|it| it.metrics().map(|metric| (it.scope(), metric)));
        for (scope, metric) in in_scopes {
            let points = overflow_points(metric);
            if points == 0 {
                continue;
            }
            let name = metric.name();
            *report.merged.entry(name.to_owned()).or_default() += points;
            if !has_overflow_series(name) && self.warned.allows_after_silence(name, now) {
                report.warnings.push(format!(
                    "{}: the OpenTelemetry SDK has merged further series into the overflow series \
                     ({OVERFLOW}=true), since a view of the program, or the SDK's default of 2,000, \
                     limits them; raise the limit of the view (`Stream::builder()\
                     .with_cardinality_limit`)",
                    Subject::new(scope, metric).describe()
                ));
            }
        }
    }
}

/// The number of data points of overflow series.
fn overflow_points(metric: &Metric) -> u64 {
    match metric.data() {
        AggregatedMetrics::U64(data) => count(data),
        AggregatedMetrics::I64(data) => count(data),
        AggregatedMetrics::F64(data) => count(data),
    }
}

fn count<T: Copy>(data: &MetricData<T>) -> u64 {
    macro_rules! count {
        ($data:expr) => {
            $data
                .data_points()
                .map(|point| u64::from(is_overflow(point.attributes())))
                .sum()
        };
    }
    match data {
        MetricData::Gauge(data) => count!(data),
        MetricData::Sum(data) => count!(data),
        MetricData::Histogram(data) => count!(data),
        MetricData::ExponentialHistogram(data) => count!(data),
    }
}

fn is_overflow<'a>(mut attributes: impl Iterator<Item = &'a KeyValue>) -> bool {
    let first = attributes.next();
    first.is_some_and(|it| it.key.as_str() == OVERFLOW) && attributes.next().is_none()
}
