//! The SDK's data points as payloads of metric lines.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, ExponentialBucket, Metric, MetricData};

use crate::line::{MetricType, Number, Payload};

/// The minimum and the maximum of a histogram, as far as known.
type Range = (Option<f64>, Option<f64>);

/// The absolute error of a summary's mean that readers tolerate; half of it is used up here.
const TOLERANCE: f64 = 1e-7;

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

/// Reads the points of one metric after the other.
#[derive(Default)]
pub(crate) struct PointReader<'a> {
    /// The attributes of the point at hand. All points share the list, so that it is allocated
    /// once.
    attributes: Vec<&'a KeyValue>,
}

impl<'a> PointReader<'a> {
    /// Passes the points of a metric to `write`. Deltas of zero are left out: they add nothing,
    /// and each point costs money.
    pub(crate) fn for_each(
        &mut self,
        metric: &'a Metric,
        mut write: impl FnMut(&Point<'_>),
    ) -> Result<(), Unsupported> {
        match metric.data() {
            AggregatedMetrics::U64(data) => self.read(data, &mut write),
            AggregatedMetrics::I64(data) => self.read(data, &mut write),
            AggregatedMetrics::F64(data) => self.read(data, &mut write),
        }
    }

    fn read<T: Copy + Into<Number>>(
        &mut self,
        data: &'a MetricData<T>,
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
                let (payload, with_zeros): (fn(Number) -> Payload, bool) =
                    match (sum.is_monotonic(), sum.temporality()) {
                        (true, Temporality::Delta) => (Payload::Count, false),
                        (false, Temporality::Cumulative) => (Payload::Gauge, true),
                        (_, temporality) => {
                            return Err(Unsupported::new(sum.data_points(), temporality));
                        }
                    };
                for point in sum.data_points() {
                    let value = point.value();
                    if with_zeros || double(value) != 0.0 {
                        self.pass(point.attributes(), payload(value.into()), time, write);
                    }
                }
            }
            MetricData::Histogram(histogram) => {
                if histogram.temporality() != Temporality::Delta {
                    let temporality = histogram.temporality();
                    return Err(Unsupported::new(histogram.data_points(), temporality));
                }
                let time = millis(histogram.time());
                for point in histogram.data_points() {
                    let recorded = (point.min().map(double), point.max().map(double));
                    let estimate = || explicit_range(point.bounds(), point.bucket_counts());
                    let sum = double(point.sum());
                    if let Some(payload) = summary(point.count(), sum, recorded, estimate) {
                        self.pass(point.attributes(), payload, time, write);
                    }
                }
            }
            MetricData::ExponentialHistogram(histogram) => {
                if histogram.temporality() != Temporality::Delta {
                    let temporality = histogram.temporality();
                    return Err(Unsupported::new(histogram.data_points(), temporality));
                }
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
                    if let Some(payload) = summary(count, sum, recorded, estimate) {
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

impl Unsupported {
    fn new(points: impl Iterator, temporality: Temporality) -> Self {
        Self {
            points: u64::try_from(points.count()).unwrap_or(u64::MAX),
            temporality,
        }
    }
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
fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The summary of a histogram; `None` if nothing was recorded.
///
/// A range that was not recorded is estimated. In both cases it is widened to hold the mean: the
/// sum of many values is rounded, and a summary whose mean lies outside of its range is rejected
/// (Dynatrace documentation, "Metric ingestion protocol").
fn summary(
    count: u64,
    sum: f64,
    recorded: Range,
    estimate: impl FnOnce() -> Range,
) -> Option<Payload> {
    if count == 0 {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "the protocol's numbers are doubles"
    )]
    let times = count as f64;
    let mean = sum / times;
    let (min, max) = match recorded {
        (Some(min), Some(max)) => (min, max),
        _ if count == 1 => (sum, sum),
        (min, max) => {
            let (low, high) = estimate();
            (min.or(low).unwrap_or(mean), max.or(high).unwrap_or(mean))
        }
    };
    // The mean is rounded as well. Where its error exceeds the tolerance, the bounds are moved so
    // far that they hold the exact mean.
    let rounding = 2.0 * f64::EPSILON * mean.abs();
    let rounding = if rounding > TOLERANCE { rounding } else { 0.0 };
    let low = if min.mul_add(times, -sum) > 0.0 {
        (mean - rounding).max(f64::MIN)
    } else {
        mean
    };
    let high = if max.mul_add(times, -sum) < 0.0 {
        (mean + rounding).min(f64::MAX)
    } else {
        mean
    };
    Some(Payload::Summary {
        min: min.min(low),
        max: max.max(high),
        sum,
        count,
    })
}

/// The range of the outermost buckets with values. The first bucket has no lower bound and the last
/// one no upper bound: there, the other bound is the best estimate.
fn explicit_range(
    bounds: impl IntoIterator<Item = f64>,
    counts: impl IntoIterator<Item = u64>,
) -> Range {
    let mut bounds = bounds.into_iter();
    let (mut min, mut max, mut lower) = (None, None, None);
    for count in counts {
        let upper = bounds.next();
        if count > 0 {
            min = min.or(lower).or(upper);
            max = upper.or(lower);
        }
        lower = upper.or(lower);
    }
    (min, max)
}

/// The first index of a bucket with values, and the index after the last one.
type Span = Option<(i64, i64)>;

fn span(offset: i32, counts: impl IntoIterator<Item = u64>) -> Span {
    let mut with_values = (i64::from(offset)..)
        .zip(counts)
        .filter(|(_, count)| *count > 0);
    let (first, _) = with_values.next()?;
    let last = with_values.last().map_or(first, |(index, _)| index);
    Some((first, last + 1))
}

/// The range of the outermost buckets with values: those below zero, the one around it, and those
/// above it.
fn exponential_range(scale: i8, zero: Option<f64>, negative: Span, positive: Span) -> Range {
    let bound = |index| bucket_bound(scale, index);
    let min = negative
        .map(|(_, end)| -bound(end))
        .or_else(|| zero.map(|threshold| 0.0 - threshold))
        .or_else(|| positive.map(|(first, _)| bound(first)));
    let max = positive
        .map(|(_, end)| bound(end))
        .or(zero)
        .or_else(|| negative.map(|(first, _)| -bound(first)));
    (min, max)
}

/// `base ^ index` with `base = 2 ^ (2 ^ -scale)` (OpenTelemetry metrics data model, "Exponential
/// scale"), or the largest finite number.
fn bucket_bound(scale: i8, index: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "indexes fit 32 bits")]
    let exponent = index as f64 * f64::from(-i16::from(scale)).exp2();
    exponent.exp2().min(f64::MAX)
}

#[cfg(test)]
mod tests;
