//! Summaries of histograms.

use super::payload::Payload;

/// The minimum and the maximum of a histogram, as far as known.
pub(crate) type Range = (Option<f64>, Option<f64>);

/// The absolute error of a summary's mean that readers tolerate; half of it is used up here.
const TOLERANCE: f64 = 1e-7;

/// How many summaries stand for one histogram at most.
const MAX_PARTS: u64 = 100;

/// The summaries of a histogram: none if nothing was recorded, and one unless its sum is infinite.
///
/// An infinite sum is sent as the largest finite number. If all values are so large that the mean of
/// this sum is outside of their range, several summaries share the values, since a summary with a mean
/// outside of its range is rejected. If too many would be needed, the range is widened.
pub(crate) fn summaries(
    count: u64,
    sum: f64,
    recorded: Range,
    estimate: impl FnOnce() -> Range,
) -> impl Iterator<Item = Payload> {
    let (one, many) = if sum.is_finite() {
        (summary(count, sum, recorded, estimate), Vec::new())
    } else {
        (None, infinite(count, sum, recorded, estimate))
    };
    one.into_iter().chain(many)
}

/// The summaries of a histogram with an infinite sum.
fn infinite(
    mut count: u64,
    sum: f64,
    recorded: Range,
    estimate: impl FnOnce() -> Range,
) -> Vec<Payload> {
    let sum = f64::MAX.copysign(sum);
    let range = match recorded {
        (Some(_), Some(_)) => recorded,
        (min, max) => {
            let (low, high) = estimate();
            (min.or(low), max.or(high))
        }
    };
    let mut summaries = Vec::new();
    if let (Some(min), Some(max)) = range {
        let smallest = if sum > 0.0 { min } else { -max };
        let most = most_values(smallest);
        if count.div_ceil(most) <= MAX_PARTS {
            let middle = min / 2.0 + max / 2.0;
            while count > most {
                summaries.extend(summary(most, times(middle, most), range, Range::default));
                count -= most;
            }
            if !summaries.is_empty() {
                summaries.extend(summary(count, times(middle, count), range, Range::default));
                return summaries;
            }
        }
    }
    summaries.extend(summary(count, sum, range, Range::default));
    summaries
}

/// How many values of at least this size have a finite sum; at least one.
fn most_values(smallest: f64) -> u64 {
    if smallest <= 0.0 {
        return u64::MAX;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the whole part, or the end of the range"
    )]
    let most = (f64::MAX / smallest) as u64;
    most.max(1)
}

/// The sum of `count` times this value, or the nearest finite number.
fn times(value: f64, count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the protocol's numbers are doubles"
    )]
    let count = count as f64;
    (value * count).clamp(f64::MIN, f64::MAX)
}

/// The summary of a histogram with a finite sum; `None` if nothing was recorded.
///
/// A range that was not recorded is estimated. In both cases it is widened to hold the mean: the
/// sum of many values is rounded, and a summary whose mean lies outside of its range is rejected
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

/// The first index of a bucket with values, and the index after the last one.
pub(crate) type Span = Option<(i64, i64)>;

pub(crate) fn span(offset: i32, counts: impl IntoIterator<Item = u64>) -> Span {
    let mut with_values = (i64::from(offset)..)
        .zip(counts)
        .filter(|(_, count)| *count > 0);
    let (first, _) = with_values.next()?;
    let last = with_values.last().map_or(first, |(index, _)| index);
    Some((first, last + 1))
}

/// The range of the outermost buckets with values: those below zero, the one around it, and those
/// above it.
pub(crate) fn exponential_range(
    scale: i8,
    zero: Option<f64>,
    negative: Span,
    positive: Span,
) -> Range {
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
