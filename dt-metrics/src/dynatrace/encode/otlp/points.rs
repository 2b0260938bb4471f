//! The SDK's data points as messages of OTLP.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, exemplar};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{self, AggregatedMetrics, Metric, MetricData};
use prost::Message as _;

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::idle::Ended;
use crate::dynatrace::encode::otlp::dimensions::Dimensions;
use crate::dynatrace::encode::otlp::histogram::Numbers;
use crate::dynatrace::encode::otlp::requests::{DATA, Requests};
use crate::dynatrace::encode::otlp::wire::{
    MEDIUM, SHORT, double, eight_bytes, fixed, integer, nested, packed, packed_varints, signed,
};
use crate::line::Number;

/// Writes the data points of metrics into requests.
pub(super) struct PointWriter<'a, F> {
    pub(super) requests: Requests<F>,
    pub(super) dimensions: Dimensions<'a>,
    /// Which levels have ended: their data points are left out.
    pub(super) ended: Ended,
    /// The buckets of the data point at hand.
    pub(super) buckets: Vec<u64>,
    /// The start and the end of all sums and histograms, if these are not the times of their data points.
    pub(super) times: Option<(SystemTime, SystemTime)>,
}

/// The least length of a sum or histogram whose times are given, since it has to begin before its end.
const SHORTEST: Duration = Duration::from_millis(1);

/// The type of the SDK's numbers: `u64`, `i64` or `f64`.
trait Value: Copy + Into<Number> + Into<exemplar::Value> {}

impl<T: Copy + Into<Number> + Into<exemplar::Value>> Value for T {}

impl<F: FnMut(Body)> PointWriter<'_, F> {
    pub(super) fn write(&mut self, metric: &Metric) {
        match metric.data() {
            AggregatedMetrics::U64(data) => self.write_data(data),
            AggregatedMetrics::I64(data) => self.write_data(data),
            AggregatedMetrics::F64(data) => self.write_data(data),
        }
    }

    fn write_data<T: Value>(&mut self, data: &MetricData<T>) {
        match data {
            MetricData::Gauge(gauge) => self.write_gauge(gauge),
            MetricData::Sum(sum) => self.write_sum(sum),
            MetricData::Histogram(histogram) => self.write_histogram(histogram),
            MetricData::ExponentialHistogram(histogram) => self.write_exponential(histogram),
        }
    }

    fn write_gauge<T: Value>(&mut self, gauge: &data::Gauge<T>) {
        let times = Times {
            start: gauge.start_time().map(nanoseconds).unwrap_or_default(),
            end: nanoseconds(gauge.time()),
        };
        self.requests.begin(DATA, 5, |_| {});
        for point in gauge.data_points() {
            self.write_number(
                times,
                point.attributes(),
                point.exemplars(),
                point.value().into(),
            );
        }
    }

    /// The times of a sum or histogram.
    fn times(&self, start: SystemTime, end: SystemTime) -> Times {
        let (start, end) = match self.times {
            Some((start, end)) => (
                start.min(end.checked_sub(SHORTEST).unwrap_or(UNIX_EPOCH)),
                end,
            ),
            None => (start, end),
        };
        Times {
            start: nanoseconds(start),
            end: nanoseconds(end),
        }
    }

    fn write_sum<T: Value>(&mut self, sum: &data::Sum<T>) {
        let times = self.times(sum.start_time(), sum.time());
        let is_delta = sum.temporality() == Temporality::Delta;
        self.requests.begin(DATA, 7, |header| {
            temporality(header, sum.temporality());
            if sum.is_monotonic() {
                integer(header, 3, 1);
            }
        });
        for point in sum.data_points() {
            let is_level = !sum.is_monotonic() && !is_delta;
            if !(is_level && self.ended.next_level()) {
                self.write_number(
                    times,
                    point.attributes(),
                    point.exemplars(),
                    point.value().into(),
                );
            }
        }
    }

    /// A data point of a gauge or a sum.
    #[inline]
    fn write_number<'p, T: Value + 'p>(
        &mut self,
        times: Times,
        attributes: impl Iterator<Item = &'p KeyValue>,
        exemplars: impl Iterator<Item = &'p data::Exemplar<T>>,
        value: Number,
    ) {
        let Self {
            requests,
            dimensions,
            ..
        } = self;
        requests.push(|out| {
            times.write(out);
            match value {
                Number::F64(value) => eight_bytes(out, 4, value.to_le_bytes()),
                Number::I64(value) => eight_bytes(out, 6, value.to_le_bytes()),
                // The protocol has signed integers only, and the SDK's own exporter sends 0 for
                // greater ones.
                Number::U64(value) => {
                    let value = i64::try_from(value).unwrap_or_default();
                    eight_bytes(out, 6, value.to_le_bytes());
                }
            }
            dimensions.write(out, 7, attributes);
            write_exemplars(out, 5, exemplars);
        });
    }

    fn write_histogram<T: Value>(&mut self, histogram: &data::Histogram<T>) {
        let times = self.times(histogram.start_time(), histogram.time());
        let Self {
            requests,
            dimensions,
            buckets,
            ..
        } = self;
        requests.begin(DATA, 9, |header| {
            temporality(header, histogram.temporality());
        });
        for point in histogram.data_points() {
            buckets.clear();
            buckets.extend(point.bucket_counts());
            let numbers = Numbers {
                count: point.count(),
                sum: as_double(point.sum()),
                min: point.min().map(as_double),
                max: point.max().map(as_double),
            };
            numbers.for_each_finite(buckets, |numbers, buckets| {
                requests.push(|out| {
                    times.write(out);
                    fixed(out, 4, numbers.count);
                    double(out, 5, Some(numbers.sum));
                    let counts = buckets.iter().map(|count| count.to_le_bytes());
                    packed(out, 6, counts);
                    packed(out, 7, point.bounds().map(f64::to_le_bytes));
                    write_exemplars(out, 8, point.exemplars());
                    dimensions.write(out, 9, point.attributes());
                    double(out, 11, numbers.min);
                    double(out, 12, numbers.max);
                });
            });
        }
    }

    fn write_exponential<T: Value>(&mut self, histogram: &data::ExponentialHistogram<T>) {
        let times = self.times(histogram.start_time(), histogram.time());
        let Self {
            requests,
            dimensions,
            buckets,
            ..
        } = self;
        requests.begin(DATA, 10, |header| {
            temporality(header, histogram.temporality());
        });
        for point in histogram.data_points() {
            let (negative, positive) = (point.negative_bucket(), point.positive_bucket());
            // In the order of their values, and the values at zero last.
            buckets.clear();
            buckets.extend(negative.counts());
            let first_positive = buckets.len();
            buckets.extend(positive.counts());
            let zero = buckets.len();
            buckets.push(point.zero_count());
            let numbers = Numbers {
                count: u64::try_from(point.count()).unwrap_or(u64::MAX),
                sum: as_double(point.sum()),
                min: point.min().map(as_double),
                max: point.max().map(as_double),
            };
            numbers.for_each_finite(buckets, |numbers, buckets| {
                requests.push(|out| {
                    dimensions.write(out, 1, point.attributes());
                    times.write(out);
                    fixed(out, 4, numbers.count);
                    double(out, 5, Some(numbers.sum));
                    signed(out, 6, point.scale().into());
                    fixed(out, 7, buckets[zero]);
                    for (field, side, counts) in [
                        (8, positive, &buckets[first_positive..zero]),
                        (9, negative, &buckets[..first_positive]),
                    ] {
                        nested(out, field, SHORT, |out| {
                            signed(out, 1, side.offset());
                            packed_varints(out, 2, counts);
                        });
                    }
                    write_exemplars(out, 11, point.exemplars());
                    double(out, 12, numbers.min);
                    double(out, 13, numbers.max);
                    fixed(out, 14, point.zero_threshold().to_bits());
                });
            });
        }
    }
}

/// The times of a data point in nanoseconds since 1970.
#[derive(Clone, Copy)]
struct Times {
    start: u64,
    end: u64,
}

impl Times {
    fn write(self, out: &mut Vec<u8>) {
        fixed(out, 2, self.start);
        fixed(out, 3, self.end);
    }
}

/// Nanoseconds since 1970; 0 for a time before 1970.
fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The field that the kinds of metrics have in common.
fn temporality(header: &mut Vec<u8>, temporality: Temporality) {
    let number = if temporality == Temporality::Delta {
        1
    } else {
        2
    };
    integer(header, 2, number);
}

/// The SDK records none at present, so they need not be quick to write.
fn write_exemplars<'p, T: Value + 'p>(
    out: &mut Vec<u8>,
    field: u8,
    exemplars: impl Iterator<Item = &'p data::Exemplar<T>>,
) {
    for exemplar in exemplars {
        let exemplar = Exemplar::from(exemplar).encode_to_vec();
        nested(out, field, MEDIUM, |out| out.extend_from_slice(&exemplar));
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the numbers of histograms are doubles in the protocol"
)]
fn as_double<T: Into<Number>>(number: T) -> f64 {
    match number.into() {
        Number::U64(number) => number as f64,
        Number::I64(number) => number as f64,
        Number::F64(number) => number,
    }
}
