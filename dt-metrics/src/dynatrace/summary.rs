//! Histograms as summaries: the protocol carries minimum, maximum, sum and count.

use opentelemetry_sdk::metrics::data::ExponentialBucket;

use crate::line::Payload;

/// The smallest and the largest value, as far as known.
pub(super) type Range = (Option<f64>, Option<f64>);

/// What a strict reader forgives, absolute, of which no more than a part is used up here.
const FORGIVEN: f64 = 1e-7;

/// A summary; `None` if nothing was recorded.
///
/// What was not recorded is taken from `estimate`. Either way the range is widened to hold the
/// mean: the sum of many values is rounded, and a summary whose mean lies outside is refused
/// (Dynatrace documentation, "Metric ingestion protocol").
pub(super) fn summary(
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
pub(super) fn explicit_range(
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
pub(super) struct Side {
    /// The first index with values in it, and the one after the last.
    span: Option<(i64, i64)>,
}

impl Side {
    pub(super) fn new(bucket: &ExponentialBucket) -> Self {
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
pub(super) fn exponential_range(
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
