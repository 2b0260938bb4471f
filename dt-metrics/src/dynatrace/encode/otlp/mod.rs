//! Encodes collections as OTLP requests in protobuf.
//!
//! The SDK's data is written as protobuf without messages in between, together with the configured
//! prefix and dimensions, and within the limits of a request. Imports `config` and, of `encode`,
//! bodies and the text of attribute values.

mod dimensions;
mod histogram;
pub(super) mod parts;
mod points;
mod requests;
#[cfg(test)]
mod tests;
mod wire;

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::InstrumentationScope;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric as MetricMessage, NumberDataPoint, ResourceMetrics as ResourceMessage,
    ScopeMetrics,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::data::{Metric, ResourceMetrics};
use prost::Message as _;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::dimensions::{INSTANCE_ID, Pairs};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::idle::Ended;
use crate::dynatrace::encode::otlp::dimensions::{Dimensions, Shared};
use crate::dynatrace::encode::otlp::points::PointWriter;
use crate::dynatrace::encode::otlp::requests::{METRIC, RESOURCE, Requests, SCOPE};
use crate::dynatrace::encode::otlp::wire::{MEDIUM, attribute, nested, text};
use crate::dynatrace::encode::warnings::STREAM_SCHEMA;

/// Encodes collections as OTLP requests.
#[derive(Debug)]
pub(crate) struct OtlpEncoder {
    prefix: Option<String>,
    /// The attributes of the resource that become dimensions.
    resource_dimensions: Vec<String>,
    /// Dimensions of every point. The dimensions of a measurement win over them.
    defaults: Vec<Shared>,
    /// Dimensions of every point that win over all others.
    host: Vec<Shared>,
    max_points: u64,
    max_bytes: usize,
    /// The start and the end of all sums, if these are not the times of their data points.
    times: Option<(SystemTime, SystemTime)>,
}

impl OtlpEncoder {
    pub(crate) fn new(config: &Config) -> Self {
        let shared = |(key, value): (&str, &str)| Shared {
            key: key.to_owned(),
            value: value.to_owned().into(),
        };
        let filled = |pairs: &Pairs| -> Vec<Shared> {
            let pairs = pairs.iter().map(|(key, value)| (&**key, &**value));
            pairs
                .filter(|(_, value)| !value.is_empty())
                .map(shared)
                .collect()
        };
        let mut defaults = filled(&config.options.default_dimensions);
        if let Some(id) = &config.instance
            && defaults.iter().all(|it| it.key != INSTANCE_ID)
        {
            defaults.push(shared((INSTANCE_ID, id)));
        }
        Self {
            prefix: config.options.prefix.clone(),
            resource_dimensions: config.options.resource_dimensions.clone(),
            defaults,
            host: filled(&config.host_dimensions),
            max_points: u64::try_from(config.max_lines()).unwrap_or(u64::MAX),
            max_bytes: config.options.max_bytes_per_request,
            times: None,
        }
    }

    /// The start and the end of all sums and histograms from now on, in place of the times of their data
    /// points.
    pub(crate) fn set_times(&mut self, start: SystemTime, end: SystemTime) {
        self.times = Some((start, end));
    }

    /// Encodes one collection without the levels that have ended. Bodies that are full before the end
    /// of the collection are passed to `full`, so that they are sent meanwhile; the last body is
    /// returned.
    pub(crate) fn encode(
        &self,
        collection: &ResourceMetrics,
        ended: Ended,
        mut full: impl FnMut(Vec<Body>),
    ) -> Vec<Body> {
        let resource = collection.resource();
        let named = resource
            .iter()
            .filter(|(key, _)| self.resource_dimensions.iter().any(|it| it == key.as_str()));
        let named: Vec<_> = named
            .map(|(key, value)| Shared {
                key: key.as_str().to_owned(),
                value: value.clone(),
            })
            .collect();
        let mut writer = PointWriter {
            requests: Requests::new(self.max_points, self.max_bytes, |body| full(vec![body])),
            dimensions: Dimensions::new(&self.host, self.defaults.iter().chain(&named)),
            ended,
            buckets: Vec::new(),
            times: self.times,
        };
        let header = |header: &mut Vec<u8>| write_resource(header, resource);
        writer.requests.begin(RESOURCE, 1, header);
        for scope in collection.scope_metrics() {
            let header = |header: &mut Vec<u8>| write_scope(header, scope.scope());
            writer.requests.begin(SCOPE, 2, header);
            for metric in scope.metrics() {
                let header = |header: &mut Vec<u8>| self.write_metric(header, metric);
                writer.requests.begin(METRIC, 2, header);
                writer.write(metric);
            }
        }
        writer.requests.finish().into_iter().collect()
    }

    fn write_metric(&self, out: &mut Vec<u8>, metric: &Metric) {
        match &self.prefix {
            Some(prefix) => text(out, 1, &format!("{prefix}.{}", metric.name())),
            None => text(out, 1, metric.name()),
        }
        text(out, 2, metric.description());
        text(out, 3, metric.unit());
    }
}

fn write_resource(out: &mut Vec<u8>, resource: &Resource) {
    nested(out, 1, MEDIUM, |out| {
        for (key, value) in resource {
            attribute(out, 1, key.as_str(), value);
        }
    });
    text(out, 3, resource.schema_url().unwrap_or_default());
}

fn write_scope(out: &mut Vec<u8>, scope: &InstrumentationScope) {
    nested(out, 1, MEDIUM, |out| {
        text(out, 1, scope.name());
        text(out, 2, scope.version().unwrap_or_default());
        for attribute_of_scope in scope.attributes() {
            let key = attribute_of_scope.key.as_str();
            attribute(out, 3, key, &attribute_of_scope.value);
        }
    });
    let schema_url = scope.schema_url();
    let sent = schema_url.filter(|url| !url.starts_with(STREAM_SCHEMA));
    text(out, 3, sent.unwrap_or_default());
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
    let metric = MetricMessage {
        name: name.to_owned(),
        data: Some(Data::Gauge(Gauge { data_points })),
        ..MetricMessage::default()
    };
    let mut scope = ScopeMetrics::default();
    scope.metrics.push(metric);
    let mut resource = ResourceMessage::default();
    resource.scope_metrics.push(scope);
    let mut request = ExportMetricsServiceRequest::default();
    request.resource_metrics.push(resource);
    Body::otlp(request.encode_to_vec(), 1)
}
