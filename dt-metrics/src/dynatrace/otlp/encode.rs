//! One collection to request bodies.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics as Resource, ScopeMetrics,
};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use prost::Message as _;
use prost::bytes::Bytes;

use super::super::body::Body;
use super::super::config::Config;
use super::alter::Alteration;
use super::split::{halves, points};

/// Writes collections as protobuf.
#[derive(Debug)]
pub(in crate::dynatrace) struct OtlpEncoder {
    alteration: Alteration,
    max_points: u64,
    max_bytes: usize,
}

impl OtlpEncoder {
    pub(in crate::dynatrace) fn new(config: &Config) -> Self {
        Self {
            alteration: Alteration::new(config),
            max_points: u64::try_from(config.max_lines_per_request).unwrap_or(u64::MAX),
            max_bytes: config.max_bytes_per_request,
        }
    }

    pub(in crate::dynatrace) fn encode(&self, metrics: &ResourceMetrics) -> Vec<Body> {
        let mut request = ExportMetricsServiceRequest::from(metrics);
        self.alteration.apply(&mut request);
        let mut bodies = Vec::new();
        self.write(request, &mut bodies);
        bodies
    }

    /// In as many requests as the limits ask for.
    fn write(&self, request: ExportMetricsServiceRequest, bodies: &mut Vec<Body>) {
        let points = points(&request);
        if points > self.max_points || request.encoded_len() > self.max_bytes {
            match halves(request) {
                Ok(halves) => {
                    for half in halves {
                        self.write(half, bodies);
                    }
                }
                // One point: whether it is too much is for the receiver to say.
                Err(whole) => bodies.extend(body(&whole)),
            }
        } else {
            bodies.extend(body(&request));
        }
    }
}

/// None for a request without data points.
fn body(request: &ExportMetricsServiceRequest) -> Option<Body> {
    let points = points(request);
    (points > 0).then(|| Body::otlp(request.encode_to_vec(), points))
}

/// In two, for a receiver that takes no more at once.
pub(in crate::dynatrace) fn divide(message: Bytes) -> Vec<Body> {
    let request = ExportMetricsServiceRequest::decode(message).ok();
    let halves = request.and_then(|request| halves(request).ok());
    let halves = halves.iter().flatten();
    halves.filter_map(body).collect()
}

/// A request with one data point, of value 1.
pub(in crate::dynatrace) fn one_gauge(name: &str) -> Body {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let point = NumberDataPoint {
        time_unix_nano: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        value: Some(Value::AsInt(1)),
        ..NumberDataPoint::default()
    };
    let metric = Metric {
        name: name.to_owned(),
        data: Some(Data::Gauge(Gauge {
            data_points: vec![point],
        })),
        ..Metric::default()
    };
    let scope = ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    };
    let resource = Resource {
        scope_metrics: vec![scope],
        ..Resource::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![resource],
    };
    Body::otlp(request.encode_to_vec(), 1)
}
