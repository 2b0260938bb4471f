//! The series in an encoded request, and its data points by series.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message as _;
use prost::bytes::Bytes;

use crate::dynatrace::encode::otlp::split::{length, points};
use crate::dynatrace::encode::series::Series;

/// An encoded request and its number of data points.
type Encoded = (Vec<u8>, u64);

/// All series of a request; none if it is not valid protobuf.
pub(crate) fn series(message: Bytes) -> BTreeSet<Series> {
    let mut all = BTreeSet::new();
    if let Ok(mut request) = ExportMetricsServiceRequest::decode(message) {
        retain(&mut request, |series| {
            all.insert(series);
            true
        });
    }
    all
}

/// Splits a request into the data points of all other series, if there are any, and one request
/// for each of these series.
pub(crate) fn without(
    message: Bytes,
    these: &BTreeSet<Series>,
) -> (Option<Encoded>, Vec<(Series, Encoded)>) {
    let Ok(request) = ExportMetricsServiceRequest::decode(message) else {
        return (None, Vec::new());
    };
    let only = |keep: &dyn Fn(Series) -> bool| {
        let mut part = request.clone();
        retain(&mut part, keep);
        let points = points(&part);
        (points > 0).then(|| (part.encode_to_vec(), points))
    };
    let rest = only(&|series| !these.contains(&series));
    let apart = these
        .iter()
        .filter_map(|this| Some((*this, only(&|series| series == *this)?)));
    (rest, apart.collect())
}

fn retain(request: &mut ExportMetricsServiceRequest, mut keep: impl FnMut(Series) -> bool) {
    macro_rules! retain {
        ($data:expr, $name:expr) => {
            $data
                .data_points
                .retain(|point| keep(Series::of(($name, attributes(&point.attributes)))))
        };
    }
    for resource in &mut request.resource_metrics {
        for scope in &mut resource.scope_metrics {
            for metric in &mut scope.metrics {
                let name = &metric.name;
                match &mut metric.data {
                    Some(Data::Gauge(data)) => retain!(data, name),
                    Some(Data::Sum(data)) => retain!(data, name),
                    Some(Data::Histogram(data)) => retain!(data, name),
                    Some(Data::ExponentialHistogram(data)) => retain!(data, name),
                    Some(Data::Summary(data)) => retain!(data, name),
                    None => {}
                }
            }
            scope.metrics.retain(|metric| length(metric) > 0);
        }
        resource
            .scope_metrics
            .retain(|scope| !scope.metrics.is_empty());
    }
    request
        .resource_metrics
        .retain(|resource| !resource.scope_metrics.is_empty());
}

/// The attributes in an order of their own: a series has none.
fn attributes(attributes: &[KeyValue]) -> BTreeSet<Vec<u8>> {
    attributes.iter().map(KeyValue::encode_to_vec).collect()
}

#[cfg(test)]
mod tests;
