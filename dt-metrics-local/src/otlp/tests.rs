//! Tests of the judge, with helpers for its other tests.

mod any_request;
mod measures;
mod names;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue,
};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::{Judged, judge};
use crate::protocol::{Note, Reader};

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(value: f64, attributes: Vec<KeyValue>) -> NumberDataPoint {
    NumberDataPoint {
        attributes,
        value: Some(Number::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn metric(name: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

/// A count, as our own programs send it.
fn count(name: &str, points: Vec<NumberDataPoint>) -> Metric {
    let sum = Sum {
        data_points: points,
        aggregation_temporality: DELTA,
        is_monotonic: true,
    };
    metric(name, Data::Sum(sum))
}

fn request(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    request_from(vec![], vec![], metrics)
}

/// A request whose resource and scope have attributes.
fn request_from(
    resource: Vec<KeyValue>,
    scope: Vec<KeyValue>,
    metrics: Vec<Metric>,
) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: resource,
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "shop".to_owned(),
                    attributes: scope,
                    ..InstrumentationScope::default()
                }),
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

fn judged(metrics: Vec<Metric>) -> Judged {
    judge(&request(metrics), &Reader::without_clock(), 0)
}

/// The line that became of the only data point.
fn line(metric: Metric) -> String {
    let judged = judged(vec![metric]);
    assert!(judged.rejected.is_empty(), "{:?}", judged.rejected);
    assert_eq!((judged.lines.len(), judged.points.len()), (1, 1));
    judged.lines[0].text.clone()
}

/// The reason why the only data point was refused, and the marked text, which begins at the wrong
/// place.
fn refusal(metric: Metric) -> (String, String) {
    let judged = judged(vec![metric]);
    assert!(judged.lines.is_empty(), "{:?}", judged.lines);
    assert_eq!((judged.rejected.len(), judged.points.len()), (1, 0));
    let rejected = &judged.rejected[0];
    let marked = rejected.text[rejected.error.offset()..].to_owned();
    (rejected.error.kind().to_string(), marked)
}

#[test]
fn a_point_is_kept_as_it_came() {
    let attributes = vec![text("Region", "eu"), text("tier", "gold")];
    let mut metric = count("shop orders", vec![number(3.0, attributes)]);
    metric.unit = "1".to_owned();
    metric.description = "Orders \"taken\"".to_owned();
    let service = vec![text("service.name", "checkout")];
    let judged = judge(
        &request_from(service, vec![], vec![metric]),
        &Reader::without_clock(),
        0,
    );
    let point = &judged.points[0];
    assert_eq!(point.metric.name, "shop orders");
    assert_eq!((&*point.metric.unit, &*point.metric.scope), ("1", "shop"));
    assert_eq!(point.attribute("Region"), Some("eu"));
    assert_eq!(point.resource_attribute("service.name"), Some("checkout"));

    assert_eq!(
        judged.lines[0].text,
        "shop_orders,service.name=checkout,region=eu,tier=gold count,delta=3"
    );
    let metadata = &judged.metadata[0];
    assert_eq!(metadata.unit.as_deref(), Some("1"));
    assert_eq!(
        metadata.text,
        r#"#shop_orders count dt.meta.unit="1",dt.meta.description="Orders \"taken\"""#
    );
}

#[test]
fn attributes_of_scope_and_resource_are_dimensions() {
    let resource = vec![
        text("host.name", "web-1"),
        text("service.name", "checkout"),
        text("tier", "of the resource"),
        text("region", "of the resource"),
    ];
    let scope = vec![text("Region", "of the scope"), text("tier", "of the scope")];
    let attributes = vec![text("route", "/"), text("tier", "of the point")];
    let orders = count("orders", vec![number(1.0, attributes), number(2.0, vec![])]);
    let judged = judge(
        &request_from(resource, scope, vec![orders]),
        &Reader::without_clock(),
        0,
    );
    let lines: Vec<_> = judged.lines.iter().map(|line| &*line.text).collect();
    assert_eq!(
        lines,
        [
            r"orders,service.name=checkout,route=/,tier=of\ the\ point,region=of\ the\ scope,host.name=web-1 count,delta=1",
            r"orders,service.name=checkout,region=of\ the\ scope,tier=of\ the\ scope,host.name=web-1 count,delta=2",
        ]
    );
    // All of them count for the limit.
    let many = |n: usize, of| {
        (0..n)
            .map(move |i| text(&format!("{of}{i}"), "v"))
            .collect()
    };
    for (resource, is_accepted) in [(20, true), (21, false)] {
        let point = number(1.0, many(20, "point"));
        let request = request_from(
            many(resource, "resource"),
            many(10, "scope"),
            vec![count("orders", vec![point])],
        );
        let judged = judge(&request, &Reader::without_clock(), 0);
        assert_eq!(judged.rejected.is_empty(), is_accepted, "{resource}");
    }
}

#[test]
fn attributes_that_cannot_be_dimensions_are_noted_once() {
    let array = |key: &str| attribute(key, Value::ArrayValue(ArrayValue::default()));
    let attributes = vec![array("tags"), attribute("ratio", Value::DoubleValue(0.5))];
    let orders = count("orders", vec![number(1.0, attributes), number(2.0, vec![])]);
    let judged = judge(
        &request_from(vec![array("args")], vec![array("modes")], vec![orders]),
        &Reader::without_clock(),
        0,
    );
    assert!(judged.rejected.is_empty());
    let noted: Vec<_> = judged
        .noted
        .iter()
        .map(|noted| (noted.line_number, noted.note.clone()))
        .collect();
    let note = |key: &str, found| {
        let key = key.to_owned();
        (1, Note::AttributeType { key, found })
    };
    assert_eq!(
        noted,
        [
            note("tags", "array"),
            note("ratio", "double"),
            note("modes", "array"),
            note("args", "array")
        ]
    );
    assert_eq!(
        judged.reasons[0],
        r#"orders: attribute "tags" is not stored, a dimension cannot be of type array: use a string, a Boolean or an integer"#
    );
    assert_eq!(judged.reasons.len(), 4);
}

#[test]
fn metadata_of_a_metric_is_sent_once() {
    let mut metric = count("orders", vec![number(1.0, vec![]), number(2.0, vec![])]);
    metric.unit = "m^2".to_owned();
    metric.description = "é".repeat(2_000);
    let judged = judged(vec![metric, count("plain", vec![number(1.0, vec![])])]);
    assert_eq!(judged.metadata.len(), 1);
    assert_eq!(judged.metadata[0].unit, None, "not a unit for Dynatrace");
    let description = judged.metadata[0]
        .description
        .as_deref()
        .unwrap_or_default();
    assert_eq!(description.chars().count(), 1_023);
}

#[test]
fn only_so_many_are_refused_on_demand() {
    let metrics = vec![
        count("a1", vec![number(1.0, vec![]), number(2.0, vec![])]),
        count("b1", vec![number(3.0, vec![])]),
    ];
    let judged = judge(&request(metrics), &Reader::without_clock(), 2);
    assert_eq!((judged.lines.len(), judged.rejected.len()), (1, 2));
    assert_eq!(judged.lines[0].key, "b1");
    assert_eq!(judged.rejected[1].line_number, 2);
    assert_eq!(judged.reasons, ["a1: refused on demand"], "said once");
}

#[test]
fn times_are_judged_as_in_lines() {
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let at = |seconds: u64| {
        let mut point = number(1.0, vec![]);
        point.time_unix_nano = seconds * 1_000_000_000 + 5_999_999;
        count("orders", vec![point])
    };
    let judged = |metric| judge(&request(vec![metric]), &Reader::at(now), 0);
    let accepted = judged(at(1_700_000_000));
    assert_eq!(accepted.lines[0].timestamp_ms, Some(1_700_000_000_005));
    for seconds in [1_699_990_000, 1_700_001_000] {
        let refused = judged(at(seconds));
        assert!(refused.reasons[0].contains("timestamp is more than"));
    }
}

/// Each would take minutes or gigabytes if it were repeated for each point or each pair.
#[test]
fn large_values_are_shared() {
    let large = "x".repeat(1_000_000);
    let points = |n| (0..n).map(|_| number(1.0, vec![])).collect::<Vec<_>>();
    let mut described = count("orders", points(10_000));
    described.description = large.clone();
    let refused = count(&large, points(10_000));
    let attributes = (0..100_000).map(|n| text(&format!("d{n}"), "v"));
    let wide = count("wide", vec![number(1.0, attributes.collect())]);
    let judged = judged(vec![described, refused, wide]);
    assert_eq!(
        (judged.lines.len(), judged.rejected.len()),
        (10_000, 10_001)
    );
    assert!(judged.rejected.iter().all(|it| it.text.len() <= 4_096));
}
