//! From the SDK's data to points of the protocol.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};

use super::summary::{Side, explicit_range, exponential_range, summary};
use crate::line::{Number, Payload};

/// Takes the points of one metric.
pub(super) trait Sink<'a> {
    /// One point, and when it was collected.
    fn point(
        &mut self,
        attributes: impl Iterator<Item = &'a KeyValue>,
        payload: Payload,
        timestamp_ms: i64,
    );

    /// So many points whose temporality the protocol cannot carry.
    fn refuse(&mut self, points: usize, temporality: Temporality);
}

/// Hands all points of a metric to the sink. Deltas of zero are left out: they say nothing that
/// silence does not, and each point costs money.
pub(super) fn convert<'a>(metric: &'a Metric, sink: &mut impl Sink<'a>) {
    match metric.data() {
        AggregatedMetrics::U64(data) => convert_data(data, sink),
        AggregatedMetrics::I64(data) => convert_data(data, sink),
        AggregatedMetrics::F64(data) => convert_data(data, sink),
    }
}

fn convert_data<'a, T: Measured>(data: &'a MetricData<T>, sink: &mut impl Sink<'a>) {
    match data {
        MetricData::Gauge(gauge) => {
            let time = millis(gauge.time());
            for point in gauge.data_points() {
                sink.point(
                    point.attributes(),
                    Payload::Gauge(point.value().number()),
                    time,
                );
            }
        }
        MetricData::Sum(sum) => {
            let time = millis(sum.time());
            let payload = match (sum.is_monotonic(), sum.temporality()) {
                (true, Temporality::Delta) => Payload::Count,
                (false, Temporality::Cumulative) => Payload::Gauge,
                (_, other) => return sink.refuse(sum.data_points().count(), other),
            };
            for point in sum.data_points() {
                let value = point.value();
                if !(sum.is_monotonic() && value.is_zero()) {
                    sink.point(point.attributes(), payload(value.number()), time);
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
                    sink.point(point.attributes(), payload, time);
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
                    sink.point(point.attributes(), payload, time);
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
fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
