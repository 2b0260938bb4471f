//! From the SDK's data to points of the protocol.

use crate::line::{MetricType, Number, Payload};
use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, ExponentialBucket, Metric, MetricData};
use std::time::{SystemTime, UNIX_EPOCH};

/// Takes the points of one metric.
pub(crate) trait Sink<'a> {
    /// One point, and when it was collected. Its attributes may be asked for more than once.
    fn point<A>(&mut self, attributes: impl Fn() -> A, payload: Payload, timestamp_ms: i64)
    where
        A: Iterator<Item = &'a KeyValue>;

    /// So many points whose temporality the protocol cannot carry.
    fn refuse(&mut self, points: usize, temporality: Temporality);
}

/// What the lines of a metric are, if it has any.
pub(crate) fn metric_type(metric: &Metric) -> MetricType {
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

/// Hands all points of a metric to the sink. Deltas of zero are left out: they say nothing that silence does not, and each point costs money.
pub(crate) fn convert<'a>(metric: &'a Metric, sink: &mut impl Sink<'a>) {
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
                let payload = Payload::Gauge(point.value().number());
                sink.point(|| point.attributes(), payload, time);
            }
        }
        MetricData::Sum(sum) => {
            let time = millis(sum.time());
            let (payload, with_zeros): (fn(Number) -> Payload, bool) =
                match (sum.is_monotonic(), sum.temporality()) {
                    (true, Temporality::Delta) => (Payload::Count, false),
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
pub(crate) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

// ===== from summary: //! Histograms as summaries: the protocol carries minimum, maximum, sum and count.
/// The smallest and the largest value, as far as known.
pub(crate) type Range = (Option<f64>, Option<f64>);

/// What a strict reader forgives, absolute, of which no more than a part is used up here.
const FORGIVEN: f64 = 1e-7;

/// A summary; `None` if nothing was recorded.
///
/// What was not recorded is taken from `estimate`. Either way the range is widened to hold the
/// mean: the sum of many values is rounded, and a summary whose mean lies outside is refused
/// (Dynatrace documentation, "Metric ingestion protocol").
pub(crate) fn summary(
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
    // The mean is rounded, too. Where that is more than is forgiven, the bounds are moved so far
    // that they hold it for a reader who divides exactly.
    let rounding = 2.0 * f64::EPSILON * mean.abs();
    let rounding = if rounding > FORGIVEN { rounding } else { 0.0 };
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

/// The range that the outermost buckets with values in them span. The first bucket has no lower
/// end and the last no upper one: there the end it has is the best guess.
pub(crate) fn explicit_range(
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

/// The buckets of an exponential histogram on one side of zero.
pub(crate) struct Side {
    /// The first index with values in it, and the one after the last.
    span: Option<(i64, i64)>,
}

impl Side {
    pub(crate) fn new(bucket: &ExponentialBucket) -> Self {
        Self::from_counts(bucket.offset(), bucket.counts())
    }

    fn from_counts(offset: i32, counts: impl IntoIterator<Item = u64>) -> Self {
        let mut span = None;
        for (index, count) in (i64::from(offset)..).zip(counts) {
            if count > 0 {
                let (first, _) = span.unwrap_or((index, index));
                span = Some((first, index + 1));
            }
        }
        Self { span }
    }
}

/// The range that the outermost buckets with values in them span.
pub(crate) fn exponential_range(
    scale: i8,
    zero: Option<f64>,
    negative: &Side,
    positive: &Side,
) -> Range {
    let bound = |index| bucket_bound(scale, index);
    let min = negative
        .span
        .map(|(_, end)| -bound(end))
        .or_else(|| zero.map(|threshold| 0.0 - threshold))
        .or_else(|| positive.span.map(|(first, _)| bound(first)));
    let max = positive
        .span
        .map(|(_, end)| bound(end))
        .or(zero)
        .or_else(|| negative.span.map(|(first, _)| -bound(first)));
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
