//! Data points of overflow series and infinite sums, whoever made them: counted and explained for
//! each metric.

use std::collections::BTreeMap;
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

/// Looks for one kind of data points in each collection.
pub(super) struct Watch {
    /// The number of these data points of a metric.
    points: fn(&Metric) -> u64,
    /// Where they are counted, by metric.
    counts: fn(&mut EncodeReport) -> &mut BTreeMap<String, u64>,
    /// The explanation for a metric with this name, unless another warning has it.
    explanation: fn(&str) -> Option<String>,
    warned: Throttle<String>,
}

impl Watch {
    /// Looks for overflow series. If an instrument of this library has reached its own limit, a
    /// warning named it then; here is one for all other limits.
    pub(super) fn overflow() -> Self {
        Self {
            points: overflow_points,
            counts: |report| &mut report.merged,
            explanation: |name| {
                (!has_overflow_series(name)).then(|| {
                    format!(
                        "the OpenTelemetry SDK has merged further series into the overflow series \
                         ({OVERFLOW}=true), since a view of the program, or the SDK's default of \
                         2,000, limits them; raise the limit of the view (`Stream::builder()\
                         .with_cardinality_limit`)"
                    )
                })
            },
            warned: Throttle::new(SILENCE, MAX_METRICS),
        }
    }

    /// Looks for infinite sums of histograms.
    pub(super) fn saturation() -> Self {
        Self {
            points: infinite_sums,
            counts: |report| &mut report.saturated,
            explanation: |_| {
                Some(format!(
                    "the sum of the recorded values is greater than the greatest finite number, \
                     {:e}, which is sent instead; record smaller values",
                    f64::MAX
                ))
            },
            warned: Throttle::new(SILENCE, MAX_METRICS),
        }
    }

    /// Adds the data points of a collection to its report.
    pub(super) fn report(
        &mut self,
        metrics: &ResourceMetrics,
        now: Instant,
        report: &mut EncodeReport,
    ) {
        let scopes = metrics.scope_metrics();
        let in_scopes = scopes.flat_map(|it| it.metrics().map(|metric| (it.scope(), metric)));
        for (scope, metric) in in_scopes {
            let points = (self.points)(metric);
            if points == 0 {
                continue;
            }
            let name = metric.name();
            *(self.counts)(report).entry(name.to_owned()).or_default() += points;
            if let Some(explanation) = (self.explanation)(name)
                && self.warned.allows_after_silence(name, now)
            {
                let subject = Subject::new(scope, metric).describe();
                report.warnings.push(format!("{subject}: {explanation}"));
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

/// The number of data points of overflow series.
fn overflow_points(metric: &Metric) -> u64 {
    match metric.data() {
        AggregatedMetrics::U64(data) => count_overflow(data),
        AggregatedMetrics::I64(data) => count_overflow(data),
        AggregatedMetrics::F64(data) => count_overflow(data),
    }
}

fn count_overflow<T: Copy>(data: &MetricData<T>) -> u64 {
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

#[inline]
fn is_overflow<'a>(mut attributes: impl Iterator<Item = &'a KeyValue>) -> bool {
    // Without a look at the attributes, which may not be in the cache any more.
    if attributes.size_hint().0 > 1 {
        return false;
    }
    let first = attributes.next();
    first.is_some_and(|it| it.key.as_str() == OVERFLOW) && attributes.next().is_none()
}
