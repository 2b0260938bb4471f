//! Tests of names, dimensions and units.

use opentelemetry_proto::tonic::common::v1::ArrayValue;

use super::{Value, attribute, count, line, number, refusal, text};
use crate::otlp::name;

#[test]
fn metric_keys() {
    for (name, expected) in [
        ("orders", "orders"),
        ("http.server.Duration-2", "http.server.Duration-2"),
        ("my metric/é", "my_metric_"),
        ("1st", "_st"),
        ("a.-b", "a._b"),
        ("a.1", "a.1"),
        (".a..b.", "a.b"),
        ("_a", "_a"),
    ] {
        let metric = count(name, vec![number(1.0, vec![])]);
        assert_eq!(line(metric), format!("{expected} count,delta=1"), "{name}");
    }
}

#[test]
fn metric_keys_that_are_refused() {
    let long = "x".repeat(256);
    for (name, reason) in [
        ("", "metric key expected"),
        ("é", "metric key expected"),
        ("...", "metric key expected"),
        ("x", "metric key has 1 characters, at least 2 are needed"),
        (&*long, "metric key has 256 characters, the limit is 255"),
        ("dt.host", "metric keys beginning with \"dt.\" are reserved"),
    ] {
        let (said, marked) = refusal(count(name, vec![number(1.0, vec![])]));
        assert_eq!(said, reason);
        assert!(marked.starts_with(name), "{marked}");
    }
}

#[test]
fn dimensions() {
    let attributes = vec![
        text("Http.Route", "/a b,c=\"d\"\\"),
        attribute("ok", Value::BoolValue(true)),
        attribute("status", Value::IntValue(-7)),
        attribute("ratio", Value::DoubleValue(0.5)),
        attribute("list", Value::ArrayValue(ArrayValue::default())),
        text("empty", ""),
        text("ok", "the first counts"),
        text("a:b", "x\ny"),
        text("é", "nothing is left of the key"),
    ];
    assert_eq!(
        line(count("orders", vec![number(1.0, attributes)])),
        r#"orders,http.route=/a\ b\,c\=\"d\"\\,ok=true,status=-7,a_b=x_y count,delta=1"#
    );
}

#[test]
fn texts_that_are_too_long_are_cut() {
    assert_eq!(name::dimension_key(&"x".repeat(101)), Some("x".repeat(100)));
    let key = format!("{}.y", "x".repeat(99));
    assert_eq!(name::dimension_key(&key), Some("x".repeat(99)));
    assert_eq!(
        name::dimension_value(&"é".repeat(256)),
        Some("é".repeat(255))
    );
    // Two code units each: 255 would be half of one.
    assert_eq!(
        name::dimension_value(&"😀".repeat(200)),
        Some("😀".repeat(127))
    );
}

#[test]
fn the_51st_dimension_is_one_too_many() {
    let attributes = |n: usize| (1..=n).map(|i| text(&format!("d{i}"), "v")).collect();
    let orders = |n| count("orders", vec![number(1.0, attributes(n))]);
    assert!(line(orders(50)).contains("d50=v"));
    let (reason, marked) = refusal(orders(51));
    assert_eq!(reason, "more than 50 dimensions");
    assert!(marked.starts_with("d51=v "), "{marked}");
}
