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
    add(&mut state, "mmm,a=1,b=2 count,delta=1", 0);
    add(&mut state, r#"mmm,b="2",a=1 count,delta=2"#, 0);
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
        "mmm,a=1 count,delta=1",
        "mmm,a=2 count,delta=1",
        "mmm count,delta=1",
        "mmm,a=1 gauge,1",
    ] {
        add(&mut state, text, 0);
    }
    assert_eq!(state.series().len(), 4);
    assert!(close(state.counter_total("mmm", &[]), 3.0));
    assert!(close(state.counter_total("mmm", &[("a", "1")]), 1.0));
}

#[test]
fn each_kind_has_its_total() {
    let cases = [
        ("mmm gauge,5", "mmm gauge,3", Kind::Gauge, 3.0, 2),
        (
            "mmm count,delta=5",
            "mmm count,delta=3",
            Kind::Count,
            8.0,
            2,
        ),
        (
            "mmm gauge,min=1,max=2,sum=3,count=2",
            "mmm gauge,min=4,max=4,sum=4,count=1",
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
fn a_rate_is_the_increase_since_the_previous_push() {
    let mut state = State::new(Limits::default());
    add(&mut state, "mmm count,delta=1000", 0);
    assert_eq!(only(&state).rate_per_second(at(0)), None);
    add(&mut state, "mmm count,delta=50", 10_000);
    add(&mut state, "mmm count,delta=150", 20_000);
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
            &format!("mmm count,delta={delta}"),
            second * 1_000,
        );
    }
    let rate = only(&state)
        .rate_per_second(at(99_000))
        .expect("many pushes");
    assert!(close(rate, 4.0), "{rate}");
}

#[test]
fn slow_pushes_also_have_a_rate() {
    let mut state = State::new(Limits::default());
    for minute in 0..5 {
        add(&mut state, "mmm count,delta=120", minute * 60_000);
    }
    let rate = only(&state)
        .rate_per_second(at(290_000))
        .expect("many pushes");
    assert!(close(rate, 2.0), "{rate}");
}

#[test]
fn summaries_count_values_and_gauges_have_no_rate() {
    let mut state = State::new(Limits::default());
    add(&mut state, "mmm gauge,min=1,max=1,sum=1,count=1", 0);
    add(&mut state, "mmm gauge,min=1,max=1,sum=30,count=30", 10_000);
    assert_eq!(only(&state).rate_per_second(at(10_000)), Some(3.0));

    let mut state = State::new(Limits::default());
    add(&mut state, "mmm gauge,1", 0);
    add(&mut state, "mmm gauge,9", 10_000);
    assert_eq!(only(&state).rate_per_second(at(10_000)), None);
    assert_eq!(only(&state).last, Payload::Gauge { value: 9.0 });
}

#[test]
fn the_newest_value_of_a_gauge_has_the_latest_timestamp() {
    let mut state = State::new(Limits::default());
    // Arrival order is not the order of time: a backlog may come after newer values.
    for (value, timestamp) in [(1, 2_000), (2, 9_000), (3, 4_000)] {
        let text = format!("mmm gauge,{value} {}", 1_700_000_000_000_u64 + timestamp);
        add(&mut state, &text, 10_000);
    }
    let series = only(&state);
    assert!(close(series.total, 2.0), "{series:?}");
    assert_eq!(series.last, Payload::Gauge { value: 2.0 });
    assert_eq!((series.lines, series.last_seen), (3, at(10_000)));
    // Without a timestamp it is the time of the server, even if its clock was set back.
    add(&mut state, "mmm gauge,4", 8_000);
    assert!(close(only(&state).total, 4.0));
}

#[test]
fn a_clock_set_back_is_survived() {
    let mut state = State::new(Limits::default());
    add(&mut state, "mmm count,delta=1", 10_000);
    add(&mut state, "mmm count,delta=1", 0);
    assert_eq!(only(&state).rate_per_second(at(0)), None);
    add(&mut state, "mmm count,delta=6", 2_000);
    assert_eq!(only(&state).rate_per_second(at(2_000)), Some(3.0));
    assert!(close(only(&state).total, 8.0));
}

#[test]
fn series_are_bounded_and_the_rest_is_counted() {
    let mut state = State::new(Limits::default().series(2));
    for text in [
        "aaa count,delta=1",
        "bbb count,delta=1",
        "ccc count,delta=1",
        "aaa count,delta=1",
    ] {
        add(&mut state, text, 0);
    }
    assert_eq!(state.series().len(), 2);
    assert_eq!(
        (state.totals().lines, state.totals().lines_without_series),
        (4, 1)
    );
    assert!(close(state.counter_total("aaa", &[]), 2.0));
}

#[test]
fn the_first_metadata_of_a_metric_stays() {
    let mut state = State::new(Limits::default().series(1));
    for text in [
        "#mmm count dt.meta.unit=1",
        "#mmm count dt.meta.unit=s",
        "#nnn count dt.meta.unit=s",
    ] {
        state.add_metadata(Arc::new(text.parse().expect("a metadata line")));
    }
    assert_eq!(state.totals().metadata, 3);
    assert_eq!(state.metadata().len(), 1);
    let metadata = state.metadata_of("mmm").expect("the first");
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
fn nothing_is_kept_if_the_limit_is_zero() {
    let mut state = State::new(Limits::default().lines(0));
    add(&mut state, "aaa count,delta=1", 0);
    assert_eq!(state.lines().len(), 0);
    assert_eq!(state.totals().lines, 1);
}
