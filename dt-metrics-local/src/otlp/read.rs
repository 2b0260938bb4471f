//! Reads the data points of a request.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data as Metrics;

use super::measure::{self, Measured};
use crate::protocol::{ErrorKind, Part, Temporality};

/// A data point before it is judged.
pub(super) struct SentPoint<'a> {
    pub(super) attributes: &'a [KeyValue],
    pub(super) start_time_ns: u64,
    pub(super) time_ns: u64,
    pub(super) measured: Measured,
    /// The type of the point, as text: `cumulative sum`, for example.
    pub(super) description: String,
}

/// Number of data points in a request.
pub(crate) fn count_points(request: &ExportMetricsServiceRequest) -> usize {
    let scopes = request
        .resource_metrics
        .iter()
        .flat_map(|it| &it.scope_metrics);
    scopes
        .flat_map(|scope| &scope.metrics)
        .map(|metric| match &metric.data {
            None => 0,
            Some(Metrics::Gauge(gauge)) => gauge.data_points.len(),
            Some(Metrics::Sum(sum)) => sum.data_points.len(),
            Some(Metrics::Histogram(histogram)) => histogram.data_points.len(),
            Some(Metrics::ExponentialHistogram(histogram)) => histogram.data_points.len(),
            Some(Metrics::Summary(summary)) => summary.data_points.len(),
        })
        .sum()
}

/// The data points of a metric.
pub(super) fn points(metric: &Metric) -> Vec<SentPoint<'_>> {
    /// The types of points share their fields but have no common trait.
    macro_rules! each {
        ($points:expr, $description:expr, $measure:expr) => {
            $points
                .iter()
                .map(|point| SentPoint {
                    attributes: &point.attributes,
                    start_time_ns: point.start_time_unix_nano,
                    time_ns: point.time_unix_nano,
                    measured: $measure(point),
                    description: $description.to_owned(),
                })
                .collect()
        };
    }
    match &metric.data {
        None => Vec::new(),
        Some(Metrics::Gauge(gauge)) => each!(gauge.data_points, "gauge", measure::gauge),
        Some(Metrics::Sum(sum)) => {
            let temporality = measure::temporality(sum.aggregation_temporality);
            let kind = if sum.is_monotonic {
                "monotonic sum"
            } else {
                "sum"
            };
            each!(sum.data_points, words(temporality, kind), |point| {
                measure::sum(point, sum.is_monotonic, temporality)
            })
        }
        Some(Metrics::Histogram(histogram)) => {
            let temporality = measure::temporality(histogram.aggregation_temporality);
            let description = words(temporality, "histogram");
            each!(histogram.data_points, description, |point| {
                measure::histogram(point, temporality)
            })
        }
        Some(Metrics::ExponentialHistogram(histogram)) => {
            let temporality = measure::temporality(histogram.aggregation_temporality);
            let description = words(temporality, "exponential histogram");
            each!(histogram.data_points, description, |point| {
                measure::exponential(point, temporality)
            })
        }
        Some(Metrics::Summary(summary)) => {
            each!(summary.data_points, "summary", |_| Err(ErrorKind::Summary))
        }
    }
}

fn words(temporality: Temporality, kind: &str) -> String {
    match temporality {
        Temporality::Unspecified => kind.to_owned(),
        temporality => format!("{temporality} {kind}"),
    }
}

/// Converts nanoseconds to milliseconds; `None` for 0, which means unknown.
pub(super) fn milliseconds(nanoseconds: u64) -> Option<i64> {
    const PER_MILLISECOND: u64 = 1_000_000;
    (nanoseconds > 0)
        .then(|| i64::try_from(nanoseconds / PER_MILLISECOND).ok())
        .flatten()
}

/// Whether an error concerns the name of the metric, not the data point.
pub(super) fn is_about_the_name(error: &ErrorKind) -> bool {
    match error {
        ErrorKind::ReservedKey | ErrorKind::Missing(Part::MetricKey) => true,
        ErrorKind::TooLong { part, .. } | ErrorKind::TooShort { part, .. } => {
            *part == Part::MetricKey
        }
        _ => false,
    }
}
