//! The SDK's data points as payloads of metric lines.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, ExponentialBucket, Metric, MetricData};

use crate::dynatrace::encode::idle::Ended;
use crate::line::{
    MetricType, Number, Payload, explicit_range, exponential_range, span, summaries,
};

/// A data point.
pub(crate) struct Point<'p> {
    pub(crate) attributes: &'p [&'p KeyValue],
    pub(crate) payload: Payload,
    /// When the point was collected.
    pub(crate) timestamp_ms: i64,
}

/// Data points with a temporality that metric lines cannot carry.
#[derive(Debug)]
pub(crate) struct Unsupported {
    pub(crate) points: u64,
    pub(crate) temporality: Temporality,
}

/// The type of a metric's lines.
pub(crate) fn metric_type(metric: &Metric) -> MetricType {
    fn is_counter<T>(data: &MetricData<T>) -> bool {
        matches!(data, MetricData::Sum(sum) if sum.is_monotonic())
    }
    let is_counter = match metric.data() {
        AggregatedMetrics::U64(data) => is_counter(data),
        AggregatedMetrics::I64(data) => is_counter(data),
        AggregatedMetrics::F64(data) => is_counter(data),
    };
    if is_counter {
        MetricType::Count
    } else {
        MetricType::Gauge
    }
}

/// Reads the points of the metrics one by one.
#[derive(Default)]
pub(crate) struct PointReader<'a> {
    /// The attributes of the point at hand. All points share the list, so that it is allocated
    /// once.
    attributes: Vec<&'a KeyValue>,
}

impl<'a> PointReader<'a> {
    /// Passes the points of a metric to `write`. Deltas of zero and levels that have ended are left
    /// out: they carry no new information, and each point costs money.
    pub(crate) fn for_each(
        &mut self,
        metric: &'a Metric,
        ended: &mut Ended,
        mut write: impl FnMut(&Point<'_>),
    ) -> Result<(), Unsupported> {
        match metric.data() {
            AggregatedMetrics::U64(data) => self.read(data, ended, &mut write),
            AggregatedMetrics::I64(data) => self.read(data, ended, &mut write),
            AggregatedMetrics::F64(data) => self.read(data, ended, &mut write),
        }
    }

    fn read<T: Copy + Into<Number>>(
        &mut self,
        data: &'a MetricData<T>,
        ended: &mut Ended,
        write: &mut impl FnMut(&Point<'_>),
    ) -> Result<(), Unsupported> {
        let double = |value: T| double(value.into());
        match data {
            MetricData::Gauge(gauge) => {
                let time = millis(gauge.time());
                for point in gauge.data_points() {
                    let payload = Payload::Gauge(point.value().into());
                    self.pass(point.attributes(), payload, time, write);
                }
            }
            MetricData::Sum(sum) => {
                let time = millis(sum.time());
                let is_monotonic = sum.is_monotonic();
                let temporality = if is_monotonic {
                    Temporality::Delta
                } else {
                    Temporality::Cumulative
                };
                require(temporality, sum.temporality(), sum.data_points())?;
                for point in sum.data_points() {
                    let value = point.value();
                    let is_left_out = if is_monotonic {
                        double(value) == 0.0
                    } else {
                        ended.next_level()
                    };
                    if !is_left_out {
                        let value = value.into();
                        let payload = if is_monotonic {
                            Payload::Count(value)
                        } else {
                            Payload::Gauge(value)
                        };
                        self.pass(point.attributes(), payload, time, write);
                    }
                }
            }
            MetricData::Histogram(histogram) => {
                let temporality = histogram.temporality();
                require(Temporality::Delta, temporality, histogram.data_points())?;
                let time = millis(histogram.time());
                for point in histogram.data_points() {
                    let recorded = (point.min().map(double), point.max().map(double));
                    let estimate = || explicit_range(point.bounds(), point.bucket_counts());
                    let sum = double(point.sum());
                    for payload in summaries(point.count(), sum, recorded, estimate) {
                        self.pass(point.attributes(), payload, time, write);
                    }
                }
            }
            MetricData::ExponentialHistogram(histogram) => {
                let temporality = histogram.temporality();
                require(Temporality::Delta, temporality, histogram.data_points())?;
                let time = millis(histogram.time());
                for point in histogram.data_points() {
                    let recorded = (point.min().map(double), point.max().map(double));
                    let side = |bucket: &ExponentialBucket| span(bucket.offset(), bucket.counts());
                    let zero = (point.zero_count() > 0).then(|| point.zero_threshold());
                    let estimate = || {
                        let (negative, positive) =
                            (point.negative_bucket(), point.positive_bucket());
                        exponential_range(point.scale(), zero, side(negative), side(positive))
                    };
                    let count = u64::try_from(point.count()).unwrap_or(u64::MAX);
                    let sum = double(point.sum());
                    for payload in summaries(count, sum, recorded, estimate) {
                        self.pass(point.attributes(), payload, time, write);
                    }
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn pass(
        &mut self,
        attributes: impl Iterator<Item = &'a KeyValue>,
        payload: Payload,
        timestamp_ms: i64,
        write: &mut impl FnMut(&Point<'_>),
    ) {
        self.attributes.clear();
        self.attributes.extend(attributes);
        write(&Point {
            attributes: &self.attributes,
            payload,
            timestamp_ms,
        });
    }
}

/// Returns the points as unsupported unless they have the required temporality.
fn require(
    required: Temporality,
    temporality: Temporality,
    points: impl Iterator,
) -> Result<(), Unsupported> {
    if temporality == required {
        return Ok(());
    }
    let points = u64::try_from(points.count()).unwrap_or(u64::MAX);
    Err(Unsupported {
        points,
        temporality,
    })
}

#[expect(clippy::cast_precision_loss, reason = "summaries are doubles")]
fn double(number: Number) -> f64 {
    match number {
        Number::U64(number) => number as f64,
        Number::I64(number) => number as f64,
        Number::F64(number) => number,
    }
}

/// Milliseconds since 1970; 0 for a time before 1970.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
