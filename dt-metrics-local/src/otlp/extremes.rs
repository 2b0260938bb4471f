//! Estimates the minimum and maximum of a histogram from its buckets.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{ExponentialHistogramDataPoint, HistogramDataPoint};

/// The outer bounds of the outermost buckets that are not empty, or the mean for a missing bound.
pub(super) fn of(point: &HistogramDataPoint, mean: f64) -> (f64, f64) {
    let mut filled = (0..point.bucket_counts.len()).filter(|i| point.bucket_counts[*i] > 0);
    let first = filled.next();
    let last = filled.next_back().or(first);
    let bound = |index: Option<usize>| index.and_then(|i| point.explicit_bounds.get(i)).copied();
    let low = bound(first.and_then(|first| first.checked_sub(1)));
    let high = bound(last);
    around(mean, low, high)
}

/// The outer bounds of the outermost exponential buckets that are not empty.
pub(super) fn of_exponential(point: &ExponentialHistogramDataPoint, mean: f64) -> (f64, f64) {
    let base = (-f64::from(point.scale)).exp2().exp2();
    let power = |index: Option<i64>| {
        // Indexes need only slightly more than 32 bits.
        #[allow(clippy::cast_precision_loss)]
        index.map(|index| base.powf(index as f64))
    };
    let positive = filled(point.positive.as_ref());
    let negative = filled(point.negative.as_ref());
    let zero = (point.zero_count > 0).then_some(0.0);
    let low = power(negative.map(|(_, last)| last + 1))
        .map(|low| -low)
        .or(zero)
        .or(power(positive.map(|(first, _)| first)));
    let high = power(positive.map(|(_, last)| last + 1))
        .or(zero)
        .or(power(negative.map(|(first, _)| first)).map(|high| -high));
    around(mean, low, high)
}

/// The indexes of the first bucket and the last bucket that are not empty.
fn filled(buckets: Option<&Buckets>) -> Option<(i64, i64)> {
    let buckets = buckets?;
    let mut filled = buckets
        .bucket_counts
        .iter()
        .zip(i64::from(buckets.offset)..)
        .filter(|(count, _)| **count > 0)
        .map(|(_, index)| index);
    let first = filled.next()?;
    Some((first, filled.last().unwrap_or(first)))
}

/// The two bounds, moved if necessary so that the mean is between them.
fn around(mean: f64, low: Option<f64>, high: Option<f64>) -> (f64, f64) {
    let finite = |bound: Option<f64>| bound.filter(|bound| bound.is_finite()).unwrap_or(mean);
    (finite(low).min(mean), finite(high).max(mean))
}
