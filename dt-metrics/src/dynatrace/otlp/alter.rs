//! What the options add to each metric: the prefix, and dimensions.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;

use super::super::attributes::text;
use super::super::config::Config;
use super::super::origin::INSTANCE_ID;

/// What is added.
#[derive(Debug)]
pub(super) struct Alteration {
    prefix: Option<String>,
    /// Attributes of the resource that become dimensions.
    resource: Vec<String>,
    /// A dimension of the measurement wins over these.
    defaults: Vec<KeyValue>,
    /// These win.
    host: Vec<KeyValue>,
}

impl Alteration {
    pub(super) fn new(config: &Config) -> Self {
        let attributes = |pairs: &[(String, String)]| {
            let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
            filled.map(|(key, value)| attribute(key, value)).collect()
        };
        let mut defaults: Vec<_> = attributes(&config.default_dimensions);
        if let Some(id) = &config.instance
            && !has(&defaults, INSTANCE_ID)
        {
            defaults.push(attribute(INSTANCE_ID, id));
        }
        Self {
            prefix: config.prefix.clone(),
            resource: config.resource_dimensions.clone(),
            defaults,
            host: attributes(&config.host_dimensions),
        }
    }

    /// Adds it to all metrics.
    pub(super) fn apply(&self, request: &mut ExportMetricsServiceRequest) {
        for metrics in &mut request.resource_metrics {
            let resource = metrics.resource.iter().flat_map(|it| &it.attributes);
            let named: Vec<_> = resource
                .filter(|it| self.resource.contains(&it.key))
                .cloned()
                .collect();
            let scopes = metrics.scope_metrics.iter_mut();
            for metric in scopes.flat_map(|scope| &mut scope.metrics) {
                if let Some(prefix) = &self.prefix {
                    metric.name = format!("{prefix}.{}", metric.name);
                }
                for_each_point(metric, |attributes| {
                    attributes.retain(|it| !has(&self.host, &it.key));
                    attributes.extend(self.host.iter().cloned());
                    for added in self.defaults.iter().chain(&named) {
                        if !has(attributes, &added.key) {
                            attributes.push(added.clone());
                        }
                    }
                    attributes.iter_mut().for_each(write_float);
                });
            }
        }
    }
}

fn for_each_point(metric: &mut Metric, mut change: impl FnMut(&mut Vec<KeyValue>)) {
    macro_rules! each {
        ($data:expr) => {
            for point in &mut $data.data_points {
                change(&mut point.attributes);
            }
        };
    }
    match &mut metric.data {
        Some(Data::Gauge(data)) => each!(data),
        Some(Data::Sum(data)) => each!(data),
        Some(Data::Histogram(data)) => each!(data),
        Some(Data::ExponentialHistogram(data)) => each!(data),
        Some(Data::Summary(data)) => each!(data),
        None => {}
    }
}

/// Dynatrace drops a dimension whose value is a float: it goes as the text that lines have.
///
/// Source: Dynatrace documentation, "About OTLP metrics ingest", dimension keys.
fn write_float(attribute: &mut KeyValue) {
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
