//! Histograms with an infinite sum: data points with finite sums that share the values.

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{ExponentialHistogramDataPoint, HistogramDataPoint};

use crate::line::{Payload, summaries};

/// Replaces each data point whose sum is infinite.
pub(super) fn make_finite(data: &mut Data) {
    match data {
        Data::Histogram(data) => make_all_finite(&mut data.data_points),
        Data::ExponentialHistogram(data) => make_all_finite(&mut data.data_points),
        _ => {}
    }
}

/// A data point of a histogram.
trait Point: Clone {
    fn numbers(&mut self) -> Numbers<'_>;
}

/// The numbers of a [`Point`].
struct Numbers<'a> {
    count: &'a mut u64,
    sum: &'a mut Option<f64>,
    min: &'a mut Option<f64>,
    max: &'a mut Option<f64>,
    /// The count of each bucket.
    buckets: Vec<&'a mut u64>,
}

impl Point for HistogramDataPoint {
    fn numbers(&mut self) -> Numbers<'_> {
        Numbers {
            count: &mut self.count,
            sum: &mut self.sum,
            min: &mut self.min,
            max: &mut self.max,
            buckets: self.bucket_counts.iter_mut().collect(),
        }
    }
}

impl Point for ExponentialHistogramDataPoint {
    fn numbers(&mut self) -> Numbers<'_> {
        let sides = [&mut self.negative, &mut self.positive];
        let buckets = sides.into_iter().flatten();
        let buckets = buckets.flat_map(|side| &mut side.bucket_counts);
        Numbers {
            count: &mut self.count,
            sum: &mut self.sum,
            min: &mut self.min,
            max: &mut self.max,
            buckets: buckets.chain([&mut self.zero_count]).collect(),
        }
    }
}

fn is_infinite(point: &mut impl Point) -> bool {
    point.numbers().sum.is_some_and(f64::is_infinite)
}

fn make_all_finite<P: Point>(points: &mut Vec<P>) {
    if points.iter_mut().any(is_infinite) {
        let all = std::mem::take(points);
        points.extend(all.into_iter().flat_map(|mut point| {
            if is_infinite(&mut point) {
                finite(point)
            } else {
                vec![point]
            }
        }));
    }
}

/// Data points with the values of one whose sum is infinite, as [`summaries`] distributes them.
fn finite<P: Point>(mut point: P) -> Vec<P> {
    let Numbers {
        count,
        sum,
        min,
        max,
        ..
    } = point.numbers();
    let all = summaries(
        *count,
        sum.unwrap_or_default(),
        (*min, *max),
        Default::default,
    );
    let parts: Vec<_> = all
        .filter_map(|summary| match summary {
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } => Some((min, max, sum, count)),
            _ => None,
        })
        .collect();
    let part = |(min, max, sum, count): (f64, f64, f64, u64)| {
        let mut part = point.clone();
        let numbers = part.numbers();
        *numbers.count = count;
        *numbers.sum = Some(sum);
        *numbers.min = numbers.min.map(|_| min);
        *numbers.max = numbers.max.map(|_| max);
        let mut open = count;
        for (bucket, rest) in numbers.buckets.into_iter().zip(point.numbers().buckets) {
            *bucket = open.min(*rest);
            *rest -= *bucket;
            open -= *bucket;
        }
        part
    };
    parts.into_iter().map(part).collect()
}
