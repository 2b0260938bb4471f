//! Encodes collections as OTLP requests in protobuf.
//!
//! OpenTelemetry's own crate turns a collection into protobuf; this folder adds the configured
//! prefix and dimensions, and splits requests. Imports `config` and, of `encode`, bodies and the
//! text of attribute values.

mod infinite;
pub(super) mod parts;

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Metric, NumberDataPoint, ResourceMetrics as Resource,
    ScopeMetrics,
};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use prost::Message as _;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::dimensions::{INSTANCE_ID, Pairs};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::idle::Ended;
use crate::dynatrace::encode::lines::fingerprint::text;
use crate::dynatrace::encode::otlp::infinite::make_finite;
use crate::dynatrace::encode::otlp::parts::{halves, metrics, partition, remove_empty};
use crate::dynatrace::encode::warnings::STREAM_SCHEMA;

/// Encodes collections as OTLP requests.
#[derive(Debug)]
pub(crate) struct OtlpEncoder {
    prefix: Option<String>,
    /// The attributes of the resource that become dimensions.
    resource_dimensions: Vec<String>,
    /// Dimensions of every point. The dimensions of a measurement win over them.
    defaults: Vec<KeyValue>,
    /// Dimensions of every point that win over all others.
    host: Vec<KeyValue>,
    max_points: u64,
    max_bytes: usize,
}

impl OtlpEncoder {
    pub(crate) fn new(config: &Config) -> Self {
        let attributes = |pairs: &Pairs| -> Vec<KeyValue> {
            let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
            filled.map(|(key, value)| attribute(key, value)).collect()
        };
        let mut defaults = attributes(&config.options.default_dimensions);
        if let Some(id) = &config.instance
            && !has(&defaults, INSTANCE_ID)
        {
            defaults.push(attribute(INSTANCE_ID, id));
        }
        Self {
            prefix: config.options.prefix.clone(),
            resource_dimensions: config.options.resource_dimensions.clone(),
            defaults,
            host: attributes(&config.host_dimensions),
            max_points: u64::try_from(config.options.max_lines_per_request).unwrap_or(u64::MAX),
            max_bytes: config.options.max_bytes_per_request,
        }
    }

    /// Encodes one collection without the levels that have ended.
    pub(crate) fn encode(&self, collection: &ResourceMetrics, mut ended: Ended) -> Vec<Body> {
        let mut request = ExportMetricsServiceRequest::from(collection);
        let resources = request.resource_metrics.iter();
        let attributes = resources.filter_map(|it| it.resource.as_ref());
        let named: Vec<_> = attributes
            .flat_map(|it| &it.attributes)
            .filter(|it| self.resource_dimensions.contains(&it.key))
            .cloned()
            .collect();
        let resources = request.resource_metrics.iter_mut();
        for scope in resources.flat_map(|it| &mut it.scope_metrics) {
            if scope.schema_url.starts_with(STREAM_SCHEMA) {
                scope.schema_url.clear();
            }
        }
        let mut points = 0;
        for metric in metrics(&mut request) {
            if let Some(prefix) = &self.prefix {
                metric.name = format!("{prefix}.{}", metric.name);
            }
            if let Some(mut data) = metric.data.take() {
                make_finite(&mut data);
                let has_levels = has_levels(&data);
                [metric.data, _] = partition(data, |attributes| {
                    let is_left_out = has_levels && ended.next_level();
                    points += u64::from(!is_left_out);
                    self.add_dimensions(attributes, &named);
                    is_left_out
                });
            }
        }
        remove_empty(&mut request);
        let mut bodies = Vec::new();
        self.write(request, points, &mut bodies);
        bodies
    }

    fn add_dimensions(&self, attributes: &mut Vec<KeyValue>, named: &[KeyValue]) {
        attributes.retain(|it| !has(&self.host, &it.key));
        attributes.extend(self.host.iter().cloned());
        for added in self.defaults.iter().chain(named) {
            if !has(attributes, &added.key) {
                attributes.push(added.clone());
            }
        }
        attributes.iter_mut().for_each(write_float_as_text);
    }

    /// Encodes a request in as many bodies as the limits require; none if it has no points.
    fn write(&self, request: ExportMetricsServiceRequest, points: u64, bodies: &mut Vec<Body>) {
        let fits = points <= self.max_points && request.encoded_len() <= self.max_bytes;
        if !fits && points > 1 {
            for (half, points) in halves(request, points) {
                self.write(half, points, bodies);
            }
        } else if points > 0 {
            // The receiver decides whether a single point is too large.
            bodies.push(Body::otlp(request.encode_to_vec(), points));
        }
    }
}

/// Whether the data points are levels: cumulative points of an up-down counter.
fn has_levels(data: &Data) -> bool {
    matches!(data, Data::Sum(sum) if !sum.is_monotonic
        && sum.aggregation_temporality() == AggregationTemporality::Cumulative)
}

/// A request with one data point of value 1.
pub(crate) fn one_gauge(name: &str) -> Body {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let point = NumberDataPoint {
        time_unix_nano: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        value: Some(number_data_point::Value::AsInt(1)),
        ..NumberDataPoint::default()
    };
    let data_points = vec![point];
    let metric = Metric {
        name: name.to_owned(),
        data: Some(Data::Gauge(Gauge { data_points })),
        ..Metric::default()
    };
    let mut scope = ScopeMetrics::default();
    scope.metrics.push(metric);
    let mut resource = Resource::default();
    resource.scope_metrics.push(scope);
    let mut request = ExportMetricsServiceRequest::default();
    request.resource_metrics.push(resource);
    Body::otlp(request.encode_to_vec(), 1)
}

/// Replaces a float by the text that metric lines have, since Dynatrace drops dimensions with float
/// values (Dynatrace documentation, "About OTLP metrics ingest", dimension keys).
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
