//! Parts of OTLP requests: halves, and the data points of some series.

use std::collections::BTreeSet;

use crate::line::Series;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message as _;

/// An encoded request and its number of data points.
type Encoded = (Vec<u8>, u64);

/// Splits an encoded request in two halves. A request that is not valid protobuf, or that has a
/// single data point, has no halves.
pub(crate) fn divide(message: &[u8], points: u64) -> Vec<Encoded> {
    match ExportMetricsServiceRequest::decode(message) {
        Ok(request) if points > 1 => halves(request, points)
            .map(|(half, points)| (half.encode_to_vec(), points))
            .into(),
        _ => Vec::new(),
    }
}

/// Splits a request in two with the same number of data points, give or take one.
fn halves(
    mut request: ExportMetricsServiceRequest,
    points: u64,
) -> [(ExportMetricsServiceRequest, u64); 2] {
    let half = points / 2;
    let mut index = 0;
    let rest = extract(&mut request, |_, _| {
        index += 1;
        index > half
    });
    [(request, half), (rest, points - half)]
}

/// The number of data points; `None` if the request is not valid protobuf.
pub(crate) fn count(message: &[u8]) -> Option<u64> {
    let mut request = ExportMetricsServiceRequest::decode(message).ok()?;
    let mut points = 0;
    extract(&mut request, |_, _| {
        points += 1;
        false
    });
    Some(points)
}

/// The series of the first data point; `None` if the request is not valid protobuf.
pub(crate) fn first_series(message: &[u8]) -> Option<Series> {
    let mut request = ExportMetricsServiceRequest::decode(message).ok()?;
    let mut first = None;
    extract(&mut request, |name, attributes| {
        first.get_or_insert_with(|| series(name, attributes));
        false
    });
    first
}

/// Splits a request into the data points of all other series, if there are any, and one request
/// for each of these series.
pub(crate) fn without(
    message: &[u8],
    mut points: u64,
    these: &BTreeSet<Series>,
) -> (Option<Encoded>, Vec<(Series, Encoded)>) {
    let Ok(mut rest) = ExportMetricsServiceRequest::decode(message) else {
        return (None, Vec::new());
    };
    let mut apart = Vec::new();
    for this in these {
        let mut count = 0;
        let part = extract(&mut rest, |name, attributes| {
            let is_this = series(name, attributes) == *this;
            count += u64::from(is_this);
            is_this
        });
        if count > 0 {
            apart.push((*this, (part.encode_to_vec(), count)));
            points = points.saturating_sub(count);
        }
    }
    let rest = (points > 0).then(|| (rest.encode_to_vec(), points));
    (rest, apart)
}

fn series(name: &str, attributes: &[KeyValue]) -> Series {
    // In an order of their own: the attributes of a series have none.
    let attributes: BTreeSet<_> = attributes.iter().map(KeyValue::encode_to_vec).collect();
    Series::of((name, attributes))
}

/// Moves the data points for which `moves` returns `true` to a request of their own, with the
/// resource, scope and metric of each. In both requests, only metrics with data points are left.
fn extract(
    request: &mut ExportMetricsServiceRequest,
    mut moves: impl FnMut(&str, &[KeyValue]) -> bool,
) -> ExportMetricsServiceRequest {
    let data: Vec<_> = metrics(request).map(|metric| metric.data.take()).collect();
    let mut extracted = request.clone();
    let pairs = metrics(request).zip(metrics(&mut extracted));
    for ((stays, moved), data) in pairs.zip(data) {
        if let Some(data) = data {
            let name = &moved.name;
            [stays.data, moved.data] = partition(data, |attributes| moves(name, attributes));
        }
    }
    remove_empty(request);
    remove_empty(&mut extracted);
    extracted
}

/// Removes metrics without data points, and scopes and resources without metrics.
pub(super) fn remove_empty(request: &mut ExportMetricsServiceRequest) {
    for resource in &mut request.resource_metrics {
        for scope in &mut resource.scope_metrics {
            scope.metrics.retain(|metric| metric.data.is_some());
        }
        let scopes = &mut resource.scope_metrics;
        scopes.retain(|scope| !scope.metrics.is_empty());
    }
    let resources = &mut request.resource_metrics;
    resources.retain(|resource| !resource.scope_metrics.is_empty());
}

/// All metrics of a request.
pub(super) fn metrics(
    request: &mut ExportMetricsServiceRequest,
) -> impl Iterator<Item = &mut Metric> {
    let resources = request.resource_metrics.iter_mut();
    let scopes = resources.flat_map(|resource| &mut resource.scope_metrics);
    scopes.flat_map(|scope| &mut scope.metrics)
}

/// Splits the data points of a metric into two lists: data points for which `moves` returns false,
/// and data points for which it returns true. `moves` may change the attributes of a data point.
/// An empty list is `None`.
pub(super) fn partition(
    data: Data,
    mut moves: impl FnMut(&mut Vec<KeyValue>) -> bool,
) -> [Option<Data>; 2] {
    macro_rules! partition {
        ($kind:ident, $data:expr) => {{
            let mut stays = $data;
            let mut points = std::mem::take(&mut stays.data_points);
            let mut moved = stays.clone();
            moved.data_points = points
                .extract_if(.., |point| moves(&mut point.attributes))
                .collect();
            stays.data_points = points;
            [stays, moved].map(|part| {
                let is_empty = part.data_points.is_empty();
                (!is_empty).then_some(Data::$kind(part))
            })
        }};
    }
    match data {
        Data::Gauge(data) => partition!(Gauge, data),
        Data::Sum(data) => partition!(Sum, data),
        Data::Histogram(data) => partition!(Histogram, data),
        Data::ExponentialHistogram(data) => partition!(ExponentialHistogram, data),
        Data::Summary(data) => partition!(Summary, data),
    }
}

#[cfg(test)]
mod tests;
