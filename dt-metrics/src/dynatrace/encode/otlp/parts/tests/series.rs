use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use prost::Message as _;

use crate::dynatrace::encode::body::Body;

fn point(attributes: &[(&str, &str)], time: u64) -> NumberDataPoint {
    let attribute = |(key, value): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue((*value).to_owned())),
        }),
        ..KeyValue::default()
    };
    NumberDataPoint {
        attributes: attributes.iter().map(attribute).collect(),
        time_unix_nano: time,
        ..NumberDataPoint::default()
    }
}

/// A gauge and a sum with these data points each.
fn body(points: &[NumberDataPoint]) -> Body {
    let data_points = points.to_vec();
    let gauge = Data::Gauge(Gauge {
        data_points: data_points.clone(),
    });
    let sum = Data::Sum(Sum {
        data_points,
        ..Sum::default()
    });
    let metric = |(name, data): (&str, Data)| Metric {
        name: name.to_owned(),
        data: Some(data),
        ..Metric::default()
    };
    let scope = ScopeMetrics {
        metrics: [("size", gauge), ("calls", sum)].map(metric).into(),
        ..ScopeMetrics::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![scope],
            ..ResourceMetrics::default()
        }],
    };
    Body::otlp(request.encode_to_vec(), 2 * points.len() as u64)
}

#[test]
fn a_series_is_the_metric_and_the_attributes_in_any_order() {
    let first = body(&[point(&[("a", "1"), ("b", "2")], 1)]);
    let later = body(&[point(&[("b", "2"), ("a", "1")], 2)]);
    let other = body(&[point(&[("a", "2"), ("b", "2")], 1)]);
    assert_eq!(first.series(), later.series());
    assert_ne!(first.series(), other.series());
}

#[test]
fn the_points_of_a_series_are_taken_out() {
    let all = body(&[point(&[("a", "1")], 1), point(&[("a", "2")], 1)]);
    let halves = all.divide();
    let dead = halves[0].divide()[0].series();
    let (rest, apart) = all.without(&BTreeSet::from([dead])).expect("it is there");
    let rest = rest.expect("there are others");
    assert_eq!(rest.points, 3);
    let [(series, letter)] = &apart[..] else {
        panic!("{apart:?}")
    };
    assert_eq!((*series, letter.series(), letter.points), (dead, dead, 1));
    assert!(rest.without(&BTreeSet::from([dead])).is_none());
    let (nothing, _) = letter
        .without(&BTreeSet::from([dead]))
        .expect("it is there");
    assert_eq!(nothing, None);
}
