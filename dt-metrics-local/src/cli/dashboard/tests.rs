//! Tests of the parts of a dashboard; `tests/dashboard` has the tests of whole dashboards.

use super::catalogue;
use super::document::{Flow, Placement};
use super::dql::name;
use super::error::NotACatalogue;
use super::filter::Filter;
use super::metric::{Found, InstrumentKind, key, prefix};
use super::unit::label;

fn entry(rest: &str) -> String {
    format!(r#"{{"name":"a.b","kind":"counter"{rest}}}"#)
}

fn read(entries: &[String]) -> Found {
    let text = format!("[{}]", entries.join(","));
    catalogue::read(&text, "shop").unwrap_or_default()
}

#[test]
fn names_that_dql_would_take_apart_are_quoted() {
    for (plain, written) in [
        ("shop.order_s.calls2", "shop.order_s.calls2"),
        ("shop.check-out", "`shop.check-out`"),
        ("http.2xx", "`http.2xx`"),
        ("dt.entity.otel:x", "`dt.entity.otel:x`"),
        ("by", "`by`"),
        ("Interval", "`Interval`"),
    ] {
        assert_eq!(name(plain), written);
    }
}

#[test]
fn keys_are_the_sent_keys() {
    for (given, sent) in [
        (None, "a_b"),
        (Some(""), "a_b"),
        (Some("shop"), "shop.a_b"),
        (Some("shop."), "shop.a_b"),
    ] {
        let sent_so = prefix(given).ok().and_then(|prefix| key(prefix, "a/b"));
        assert_eq!(sent_so.as_deref(), Some(sent), "{given:?}");
    }
    assert_eq!(key("", "dt.mine"), None);
    assert_eq!(key("shop", ""), None);
    for refused in ["dt", "my shop", ".shop", "9", "dt."] {
        assert!(prefix(Some(refused)).is_err(), "{refused}");
    }
}

#[test]
fn annotations_of_one_name_are_one_metric() {
    let found = read(&[
        entry(r#","dimension_keys":["Region","tier"],"file":"src/a.rs","line":7"#),
        entry(
            r#","dimension_keys":["region","x"],"unit":"milliseconds","description":"D","file":"b.rs","line":8"#,
        ),
    ]);
    assert_eq!(found.metrics.len(), 1);
    let metric = &found.metrics[0];
    assert_eq!(metric.key, "shop.a.b");
    assert_eq!(metric.dimensions, ["region", "tier", "x"]);
    assert_eq!((&*metric.unit, &*metric.description), ("ms", "D"));
    assert_eq!(metric.locations, ["src/a.rs:7", "b.rs:8"]);
    assert!(found.left_out.is_empty());
}

#[test]
fn metrics_that_are_not_exported_are_left_out_and_named() {
    let gauge = r#"{"name":"A.b","kind":"gauge"}"#.to_owned();
    let conflict = entry(r#","conflict":"counter `a.b` at x:1 and gauge at y:2""#);
    let found = read(&[entry(""), gauge, conflict]);
    assert_eq!(found.metrics.len(), 1);
    assert_eq!(found.metrics[0].kind, InstrumentKind::Counter);
    assert_eq!(
        found.left_out,
        [
            "shop.A.b as a gauge: there is a counter of that key",
            "counter `a.b` at x:1 and gauge at y:2"
        ]
    );
}

#[test]
fn a_bad_catalogue_is_refused_with_the_place() {
    for (text, said) in [
        ("", "is empty"),
        ("\u{feff} \n", "is empty"),
        (
            "[{\n\"name\":\"a\"}]",
            "missing field `kind` at line 2 column",
        ),
        (
            "[\n{\"name\":\"a\",\"kind\":\"meter\"}]",
            "unknown variant `meter`, expected one of `counter`, `up_down_counter`, `histogram`, \
             `gauge` at line 2 column",
        ),
        ("{\"tiles\":{}}", "expected a sequence at line 1 column"),
        ("# Metrics", "expected value at line 1 column 1"),
        (
            r#"[{"name":"a","kind":"gauge"},{"name":".a","kind":"gauge"}]"#,
            "entry 2: the name \".a\" cannot be made a metric key",
        ),
    ] {
        let error = catalogue::read(text, "").err();
        let error = error.as_ref().map(NotACatalogue::to_string);
        assert!(
            error.as_ref().is_some_and(|error| error.contains(said)),
            "{text:?}: {error:?}"
        );
    }
}

#[test]
fn menus_come_for_dimensions_of_several_metrics() {
    let metric = |name: &str, dimensions: &str| {
        format!(r#"{{"name":"{name}","kind":"gauge","dimension_keys":[{dimensions}]}}"#)
    };
    let found = read(&[
        metric("a", r#""http.route","2nd","one""#),
        metric("b", r#""http.route","2nd""#),
        metric("c", r#""http.route","http-route""#),
    ]);
    let filters = Filter::all(&found.metrics, &["http-route".to_owned()]);
    let seen: Vec<_> = filters.iter().map(Filter::condition).collect();
    let condition = |dimension: &str, variable: &str| {
        format!(
            "if(isNull({dimension}), in(\"(none)\", array(${variable})), \
             else: in({dimension}, array(${variable})))"
        )
    };
    assert_eq!(
        seen,
        [
            condition("`http-route`", "HttpRoute"),
            condition("http.route", "HttpRoute_"),
            // Keys of dimensions begin with a letter: the exporter sends `_nd`.
            condition("_nd", "Nd"),
        ]
    );
}

#[test]
fn tiles_stand_in_rows_and_do_not_overlap() {
    let mut flow = Flow::default();
    let places = [(8, 6), (16, 4), (24, 1), (16, 6), (16, 2)].map(|(w, h)| flow.place(w, h));
    let at = places.map(|Placement { x, y, .. }| (x, y));
    assert_eq!(at, [(0, 0), (8, 0), (0, 6), (0, 7), (0, 13)]);
}

#[test]
fn units_are_shown_as_people_write_them() {
    assert_eq!(label("{order}"), Some("order"));
    assert_eq!(label("ms"), Some("ms"));
    assert_eq!((label("1"), label(""), label("{}")), (None, None, None));
}
