//! Tests of the state: series, totals and limits.

mod day;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::state::State;
use super::{Limits, Rejected, Series};
use crate::protocol::{Kind, Line, Payload};

fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + milliseconds)
}

fn add(state: &mut State, text: &str, milliseconds: u64) {
    let line: Line = text.parse().expect("a valid line");
    state.add_line(Arc::new(line), at(milliseconds));
}

fn only(state: &State) -> &Series {
    let series: Vec<_> = state.series().collect();
    assert_eq!(series.len(), 1);
    series[0]
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}

#[test]
fn dimensions_in_another_order_are_the_same_series() {
    let mut state = State::new(Limits::default());
    add(&mut state, "m,a=1,b=2 count,delta=1", 0);
    add(&mut state, r#"m,b="2",a=1 count,delta=2"#, 0);
    let series = only(&state);
    assert!(close(series.total, 3.0));
    assert_eq!((series.lines, series.values), (2, 2));
    assert_eq!(series.dimensions[0], ("a".into(), "1".into()));
    assert!(series.has_dimensions(&[("b", "2")]));
    assert!(!series.has_dimensions(&[("b", "1")]));
}

#[test]
fn other_dimensions_and_kinds_are_other_series() {
    let mut state = State::new(Limits::default());
    for text in [
        "m,a=1 count,delta=1",
        "m,a=2 count,delta=1",
        "m count,delta=1",
        "m,a=1 gauge,1",
    ] {
        add(&mut state, text, 0);
    }
    assert_eq!(state.series().len(), 4);
    assert!(close(state.counter_total("m", &[]), 3.0));
    assert!(close(state.counter_total("m", &[("a", "1")]), 1.0));
}

#[test]
fn each_kind_has_its_total() {
    let cases = [
        ("m gauge,5", "m gauge,3", Kind::Gauge, 3.0, 2),
        ("m count,delta=5", "m count,delta=3", Kind::Count, 8.0, 2),
        (
            "m gauge,min=1,max=2,sum=3,count=2",
            "m gauge,min=4,max=4,sum=4,count=1",
            Kind::Summary,
            7.0,
            3,
        ),
    ];
    for (first, second, kind, total, values) in cases {
        let mut state = State::new(Limits::default());
        add(&mut state, first, 0);
        add(&mut state, second, 1_000);
        let series = only(&state);
        assert_eq!((series.kind, series.values), (kind, values));
        assert!(close(series.total, total), "{series:?}");
        assert_eq!(series.last_seen, at(1_000));
    }
}

#[test]
fn a_rate_is_what_came_since_the_push_before() {
    let mut state = State::new(Limits::default());
    add(&mut state, "m count,delta=1000", 0);
    assert_eq!(only(&state).rate_per_second(at(0)), None);
    add(&mut state, "m count,delta=50", 10_000);
    add(&mut state, "m count,delta=150", 20_000);
    let rate = only(&state)
        .rate_per_second(at(20_000))
        .expect("three pushes");
    assert!(close(rate, 10.0), "{rate}");
    // Between pushes it stays, after a long silence it is 0.
    assert_eq!(only(&state).rate_per_second(at(45_000)), Some(rate));
    assert_eq!(only(&state).rate_per_second(at(60_000)), Some(0.0));
}

#[test]
fn a_rate_looks_back_half_a_minute() {
    let mut state = State::new(Limits::default());
    for second in 0..100 {
        let delta = if second < 50 { 1 } else { 4 };
        add(
            &mut state,
            &format!("m count,delta={delta}"),
            second * 1_000,
        );
    }
    let rate = only(&state)
        .rate_per_second(at(99_000))
        .expect("many pushes");
    assert!(close(rate, 4.0), "{rate}");
}

#[test]
fn slow_pushes_have_a_rate_too() {
    let mut state = State::new(Limits::default());
    for minute in 0..5 {
        add(&mut state, "m count,delta=120", minute * 60_000);
    }
    let rate = only(&state)
        .rate_per_second(at(290_000))
        .expect("many pushes");
    assert!(close(rate, 2.0), "{rate}");
}

#[test]
fn summaries_count_values_and_gauges_have_no_rate() {
    let mut state = State::new(Limits::default());
    add(&mut state, "m gauge,min=1,max=1,sum=1,count=1", 0);
    add(&mut state, "m gauge,min=1,max=1,sum=30,count=30", 10_000);
    assert_eq!(only(&state).rate_per_second(at(10_000)), Some(3.0));

    let mut state = State::new(Limits::default());
    add(&mut state, "m gauge,1", 0);
    add(&mut state, "m gauge,9", 10_000);
    assert_eq!(only(&state).rate_per_second(at(10_000)), None);
    assert_eq!(only(&state).last, Payload::Gauge { value: 9.0 });
}

#[test]
fn a_clock_set_back_is_survived() {
    let mut state = State::new(Limits::default());
    add(&mut state, "m count,delta=1", 10_000);
    add(&mut state, "m count,delta=1", 0);
    assert_eq!(only(&state).rate_per_second(at(0)), None);
    add(&mut state, "m count,delta=6", 2_000);
    assert_eq!(only(&state).rate_per_second(at(2_000)), Some(3.0));
    assert!(close(only(&state).total, 8.0));
}

#[test]
fn series_are_bounded_and_the_rest_is_counted() {
    let mut state = State::new(Limits::default().series(2));
    for text in [
        "a count,delta=1",
        "b count,delta=1",
        "c count,delta=1",
        "a count,delta=1",
    ] {
        add(&mut state, text, 0);
    }
    assert_eq!(state.series().len(), 2);
    assert_eq!(
        (state.totals().lines, state.totals().lines_without_series),
        (4, 1)
    );
    assert!(close(state.counter_total("a", &[]), 2.0));
}

#[test]
fn the_first_metadata_of_a_metric_stays() {
    let mut state = State::new(Limits::default().series(1));
    for text in [
        "#m count dt.meta.unit=1",
        "#m count dt.meta.unit=s",
        "#n count dt.meta.unit=s",
    ] {
        state.add_metadata(Arc::new(text.parse().expect("a metadata line")));
    }
    assert_eq!(state.totals().metadata, 3);
    assert_eq!(state.metadata().len(), 1);
    let metadata = state.metadata_of("m").expect("the first");
    assert_eq!(metadata.unit.as_deref(), Some("1"));
}

#[test]
fn long_refused_lines_are_cut_between_characters() {
    let text = "ä".repeat(4_000);
    let error = text.parse::<Line>().unwrap_err();
    let rejected = Rejected::new(&format!("x{text}"), error, 3);
    assert_eq!(rejected.text.len(), 4_095);
    assert_eq!(
        rejected.to_string(),
        "line 3: metric key may not contain 'ä', column 1"
    );
}

#[test]
fn nothing_is_kept_if_so_asked() {
    let mut state = State::new(Limits::default().lines(0));
    add(&mut state, "a count,delta=1", 0);
    assert_eq!(state.lines().len(), 0);
    assert_eq!(state.totals().lines, 1);
}
