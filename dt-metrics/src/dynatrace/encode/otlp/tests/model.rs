//! The encoding by messages, which the encoding without them has to equal.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogramDataPoint, HistogramDataPoint,
};
use opentelemetry_sdk::metrics::data::ResourceMetrics;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::dimensions::{INSTANCE_ID, Pairs};
use crate::dynatrace::encode::idle::Ended;
use crate::dynatrace::encode::lines::fingerprint::text;
use crate::dynatrace::encode::otlp::parts::{metrics, partition, remove_empty};
use crate::dynatrace::encode::warnings::STREAM_SCHEMA;
use crate::line::{Payload, summaries};

/// One request with all data points of a collection.
pub(super) fn encode(
    config: &Config,
    collection: &ResourceMetrics,
    mut ended: Ended,
) -> ExportMetricsServiceRequest {
    let attributes = |pairs: &Pairs| -> Vec<KeyValue> {
        let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
        filled.map(|(key, value)| attribute(key, value)).collect()
    };
    let host = attributes(&config.host_dimensions);
    let mut defaults = attributes(&config.options.default_dimensions);
    if let Some(id) = &config.instance
        && !has(&defaults, INSTANCE_ID)
    {
        defaults.push(attribute(INSTANCE_ID, id));
    }
    let mut request = ExportMetricsServiceRequest::from(collection);
    let resources = request.resource_metrics.iter();
    let of_resource = resources.filter_map(|it| it.resource.as_ref());
    let named = of_resource
        .flat_map(|it| &it.attributes)
        .filter(|it| config.options.resource_dimensions.contains(&it.key))
        .cloned();
    defaults.extend(named);
    let resources = request.resource_metrics.iter_mut();
    for scope in resources.flat_map(|it| &mut it.scope_metrics) {
        if scope.schema_url.starts_with(STREAM_SCHEMA) {
            scope.schema_url.clear();
        }
    }
    for metric in metrics(&mut request) {
        if let Some(prefix) = &config.options.prefix {
            metric.name = format!("{prefix}.{}", metric.name);
        }
        if let Some(mut data) = metric.data.take() {
            make_finite(&mut data);
            let has_levels = has_levels(&data);
            [metric.data, _] = partition(data, |attributes| {
                add_dimensions(attributes, &host, &defaults);
                has_levels && ended.next_level()
            });
        }
    }
    remove_empty(&mut request);
    request
}

fn add_dimensions(attributes: &mut Vec<KeyValue>, host: &[KeyValue], defaults: &[KeyValue]) {
    attributes.retain(|it| !has(host, &it.key));
    attributes.extend(host.iter().cloned());
    for added in defaults {
        if !has(attributes, &added.key) {
            attributes.push(added.clone());
        }
    }
    attributes.iter_mut().for_each(write_float_as_text);
}

/// Whether the data points are levels: cumulative points of an up-down counter.
fn has_levels(data: &Data) -> bool {
    matches!(data, Data::Sum(sum) if !sum.is_monotonic
        && sum.aggregation_temporality() == AggregationTemporality::Cumulative)
}

fn write_float_as_text(attribute: &mut KeyValue) {
    if let Some(value) = attribute.value.as_mut().and_then(|it| it.value.as_mut())
        && let Value::DoubleValue(number) = *value
        && let Some(text) = text(&number.into())
    {
        *value = Value::StringValue(text.into_owned());
    }
}

fn has(attributes: &[KeyValue], key: &str) -> bool {
    attributes.iter().any(|it| it.key == key)
}

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Value::StringValue(value.to_owned());
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
/// Replaces each data point whose sum is infinite.
fn make_finite(data: &mut Data) {
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
