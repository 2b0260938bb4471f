//! Tests of names, keys and catalogues.

use super::dql::name;
use super::error::MetricsError;
use super::metric::{key, prefix};
use super::metrics::Metrics;
use crate::catalog::InstrumentKind;

fn entry(rest: &str) -> String {
    format!(r#"{{"name":"a.b","kind":"counter"{rest}}}"#)
}

fn read(entries: &[String]) -> Metrics {
    let text = format!("[{}]", entries.join(","));
    Metrics::from_catalog(&text, Some("shop")).unwrap_or_default()
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
    assert!(found.left_out().is_empty());
}

#[test]
fn metrics_that_are_not_exported_are_left_out_and_named() {
    let gauge = r#"{"name":"A.b","kind":"gauge"}"#.to_owned();
    let conflict = entry(r#","conflict":"counter `a.b` at x:1 and gauge at y:2""#);
    let nameless = r#"{"name":"","kind":"gauge","file":"src/a.rs","line":7}"#.to_owned();
    let found = read(&[entry(""), gauge, conflict, nameless]);
    assert_eq!(found.metrics.len(), 1);
    assert_eq!(found.metrics[0].kind, InstrumentKind::Counter);
    assert_eq!(
        found.left_out(),
        [
            "shop.A.b as a gauge: there is a counter of that key",
            "counter `a.b` at x:1 and gauge at y:2",
            "\"\" at src/a.rs:7: it cannot be made a metric key",
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
        ("{\"tiles\":{}}", "missing field `instruments`"),
        ("# Metrics", "expected value at line 1 column 1"),
    ] {
        let error = Metrics::from_catalog(text, None).err();
        let error = error.as_ref().map(MetricsError::to_string);
        assert!(
            error.as_ref().is_some_and(|error| error.contains(said)),
            "{text:?}: {error:?}"
        );
    }
}

#[test]
fn an_endpoint_reports_which_histograms_have_buckets() {
    let histogram = |name: &str| format!(r#"{{"name":"{name}","kind":"histogram"}}"#);
    let mut found = read(&[histogram("declared"), histogram("without")]);
    let series = |metric: &str, percentiles: &str| {
        format!(
            r#"{{"metric":"{metric}","kind":"summary","dimensions":{{}},"unit":"s",
                "description":null{percentiles}}}"#
        )
    };
    let percentiles = r#","percentiles":{"p50":1.0,"p95":2.0,"p99":2.0}"#;
    let all = [
        series("shop.declared", percentiles),
        series("shop.without", ""),
        series("other", percentiles),
    ];
    let received = format!(r#"{{"series":[{}]}}"#, all.join(","));
    assert!(found.add_received(&received).is_ok());
    let seen: Vec<_> = found
        .metrics
        .iter()
        .map(|metric| (&*metric.key, metric.has_buckets))
        .collect();
    let expected = [
        ("shop.declared", true),
        ("shop.without", false),
        ("other", true),
    ];
    assert_eq!(seen, expected);
}
