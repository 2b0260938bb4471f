//! Tests of the parts of a dashboard; `tests/dashboard` has the tests of whole dashboards.

use super::document::{Flow, Placement};
use super::filter::Filter;
use super::unit::label;
use crate::configuration::metrics::Metrics;

#[test]
fn menus_come_for_dimensions_of_several_metrics() {
    let metric = |name: &str, dimensions: &str| {
        format!(r#"{{"name":"{name}","kind":"gauge","dimension_keys":[{dimensions}]}}"#)
    };
    let entries = [
        metric("a", r#""http.route","2nd","one""#),
        metric("b", r#""http.route","2nd""#),
        metric("c", r#""http.route","http-route""#),
    ];
    let text = format!("[{}]", entries.join(","));
    let found = Metrics::from_catalog(&text, Some("shop")).unwrap_or_default();
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
