//! Splits OTLP requests by data points.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, Gauge, Histogram, Metric, ResourceMetrics, ScopeMetrics, Sum, Summary,
};
use prost::Message as _;
use prost::bytes::Bytes;

/// Splits an encoded request in two halves, each encoded with its number of data points. A request
/// that is not valid protobuf, or that has a single data point, has no halves.
pub(crate) fn divide(message: Bytes) -> Vec<(Vec<u8>, u64)> {
    let request = ExportMetricsServiceRequest::decode(message).ok();
    let halves = request.and_then(|request| halves(request).ok());
    halves
        .iter()
        .flatten()
        .map(|half| (half.encode_to_vec(), points(half)))
        .collect()
}

/// The number of data points.
pub(crate) fn points(request: &ExportMetricsServiceRequest) -> u64 {
    let scopes = request
        .resource_metrics
        .iter()
        .flat_map(|resource| &resource.scope_metrics);
    let metrics = scopes.flat_map(|scope| &scope.metrics);
    metrics.map(|metric| length(metric) as u64).sum()
}

/// Splits a request in two with the same number of data points, give or take one. A request with
/// fewer than two data points is returned as the error.
pub(crate) fn halves(
    mut request: ExportMetricsServiceRequest,
) -> Result<[ExportMetricsServiceRequest; 2], ExportMetricsServiceRequest> {
    match usize::try_from(points(&request) / 2) {
        Ok(half) if half > 0 => {
            let rest = split_off(&mut request, half);
            Ok([request, rest])
        }
        _ => Err(request),
    }
}

/// Removes all data points but the first `keep`, and returns them.
fn split_off(
    request: &mut ExportMetricsServiceRequest,
    mut keep: usize,
) -> ExportMetricsServiceRequest {
    let mut rest = ExportMetricsServiceRequest::default();
    for resource in &mut request.resource_metrics {
        let mut scopes = Vec::new();
        for scope in &mut resource.scope_metrics {
            let mut metrics = Vec::new();
            scope.metrics.retain_mut(|metric| {
                let length = length(metric);
                let kept = length.min(keep);
                keep -= kept;
                if kept < length {
                    metrics.push(tail(metric, kept));
                }
                kept > 0
            });
            if !metrics.is_empty() {
                scopes.push(ScopeMetrics {
                    scope: scope.scope.clone(),
                    schema_url: scope.schema_url.clone(),
                    metrics,
                });
            }
        }
        if !scopes.is_empty() {
            rest.resource_metrics.push(ResourceMetrics {
                resource: resource.resource.clone(),
                schema_url: resource.schema_url.clone(),
                scope_metrics: scopes,
            });
        }
        resource
            .scope_metrics
            .retain(|scope| !scope.metrics.is_empty());
    }
    request
        .resource_metrics
        .retain(|resource| !resource.scope_metrics.is_empty());
    rest
}

/// Removes the data points from the index `from` on, and returns them as a metric of their own.
fn tail(metric: &mut Metric, from: usize) -> Metric {
    let data = metric.data.as_mut().map(|data| match data {
        Data::Gauge(data) => Data::Gauge(Gauge {
            data_points: data.data_points.split_off(from),
        }),
        Data::Sum(data) => Data::Sum(Sum {
            data_points: data.data_points.split_off(from),
            aggregation_temporality: data.aggregation_temporality,
            is_monotonic: data.is_monotonic,
        }),
        Data::Histogram(data) => Data::Histogram(Histogram {
            data_points: data.data_points.split_off(from),
            aggregation_temporality: data.aggregation_temporality,
        }),
        Data::ExponentialHistogram(data) => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: data.data_points.split_off(from),
            aggregation_temporality: data.aggregation_temporality,
        }),
        Data::Summary(data) => Data::Summary(Summary {
            data_points: data.data_points.split_off(from),
        }),
    });
    Metric {
        name: metric.name.clone(),
        description: metric.description.clone(),
        unit: metric.unit.clone(),
        metadata: metric.metadata.clone(),
        data,
    }
}

pub(crate) fn length(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
        None => 0,
    }
}

#[cfg(test)]
mod tests;
