//! From the SDK's data to points of the protocol.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};

use super::summary::{Side, explicit_range, exponential_range, summary};
use crate::line::{MetricType, Number, Payload};

/// Takes the points of one metric.
pub(super) trait Sink<'a> {
    /// One point, and when it was collected. Its attributes may be asked for more than once.
    fn point<A>(&mut self, attributes: impl Fn() -> A, payload: Payload, timestamp_ms: i64)
    where
        A: Iterator<Item = &'a KeyValue>;

    /// So many points whose temporality the protocol cannot carry.
    fn refuse(&mut self, points: usize, temporality: Temporality);
}

/// What the lines of a metric are, if it has any.
pub(super) fn metric_type(metric: &Metric) -> MetricType {
    let counts = match metric.data() {
        AggregatedMetrics::U64(data) => is_counter(data),
        AggregatedMetrics::I64(data) => is_counter(data),
        AggregatedMetrics::F64(data) => is_counter(data),
    };
    if counts {
        MetricType::Count
    } else {
        MetricType::Gauge
    }
}

fn is_counter<T>(data: &MetricData<T>) -> bool {
    matches!(data, MetricData::Sum(sum) if sum.is_monotonic())
}

/// Hands all points of a metric to the sink. Deltas of zero are left out unless they are wanted:
/// they say nothing that silence does not, and each point costs money.
pub(super) fn convert<'a>(metric: &'a Metric, with_zeros: bool, sink: &mut impl Sink<'a>) {
    match metric.data() {
        AggregatedMetrics::U64(data) => convert_data(data, with_zeros, sink),
        AggregatedMetrics::I64(data) => convert_data(data, with_zeros, sink),
        AggregatedMetrics::F64(data) => convert_data(data, with_zeros, sink),
    }
}

fn convert_data<'a, T: Measured>(
    data: &'a MetricData<T>,
    with_zeros: bool,
    sink: &mut impl Sink<'a>,
) {
    match data {
        MetricData::Gauge(gauge) => {
            let time = millis(gauge.time());
            for point in gauge.data_points() {
                let payload = Payload::Gauge(point.value().number());
                sink.point(|| point.attributes(), payload, time);
            }
        }
        MetricData::Sum(sum) => {
            let time = millis(sum.time());
            let (payload, with_zeros): (fn(Number) -> Payload, _) =
                match (sum.is_monotonic(), sum.temporality()) {
                    (true, Temporality::Delta) => (Payload::Count, with_zeros),
                    (false, Temporality::Cumulative) => (Payload::Gauge, true),
                    (_, other) => return sink.refuse(sum.data_points().count(), other),
                };
            for point in sum.data_points() {
                let value = point.value();
                if with_zeros || !value.is_zero() {
                    sink.point(|| point.attributes(), payload(value.number()), time);
                }
            }
        }
        MetricData::Histogram(histogram) => {
            if histogram.temporality() != Temporality::Delta {
                return sink.refuse(histogram.data_points().count(), histogram.temporality());
            }
            let time = millis(histogram.time());
            for point in histogram.data_points() {
                let recorded = (point.min().map(T::double), point.max().map(T::double));
                let estimate = || explicit_range(point.bounds(), point.bucket_counts());
                if let Some(payload) =
                    summary(point.count(), point.sum().double(), recorded, estimate)
                {
                    sink.point(|| point.attributes(), payload, time);
                }
            }
        }
        MetricData::ExponentialHistogram(histogram) => {
            if histogram.temporality() != Temporality::Delta {
                return sink.refuse(histogram.data_points().count(), histogram.temporality());
            }
            let time = millis(histogram.time());
            for point in histogram.data_points() {
                let recorded = (point.min().map(T::double), point.max().map(T::double));
                let estimate = || {
                    exponential_range(
                        point.scale(),
                        (point.zero_count() > 0).then(|| point.zero_threshold()),
                        &Side::new(point.negative_bucket()),
                        &Side::new(point.positive_bucket()),
                    )
                };
                let count = u64::try_from(point.count()).unwrap_or(u64::MAX);
                if let Some(payload) = summary(count, point.sum().double(), recorded, estimate) {
                    sink.point(|| point.attributes(), payload, time);
                }
            }
        }
    }
}

/// The types of value that instruments have.
trait Measured: Copy {
    fn number(self) -> Number;
    fn double(self) -> f64;
    fn is_zero(self) -> bool;
}

impl Measured for u64 {
    fn number(self) -> Number {
        Number::U64(self)
    }
    #[expect(clippy::cast_precision_loss, reason = "summaries are doubles")]
    fn double(self) -> f64 {
        self as f64
    }
    fn is_zero(self) -> bool {
        self == 0
    }
}

impl Measured for i64 {
    fn number(self) -> Number {
        Number::I64(self)
    }
    #[expect(clippy::cast_precision_loss, reason = "summaries are doubles")]
    fn double(self) -> f64 {
        self as f64
    }
    fn is_zero(self) -> bool {
        self == 0
    }
}

impl Measured for f64 {
    fn number(self) -> Number {
        Number::F64(self)
    }
    fn double(self) -> f64 {
        self
    }
    fn is_zero(self) -> bool {
        self == 0.0
    }
}

/// Milliseconds since 1970; a clock before that reads 0.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
