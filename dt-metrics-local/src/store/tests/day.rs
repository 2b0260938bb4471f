//! A day of a small service, by a clock of the test's own.

use std::sync::Arc;
use std::time::Duration;

use super::{Limits, State, at};
use crate::protocol::Line;
use crate::store::{Point, Resolution};

const SERIES: usize = 50;
const INTERVAL: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The lines of a push: counts, gauges and summaries.
fn lines() -> Vec<Arc<Line>> {
    let payloads = [
        "count,delta=3",
        "gauge,5",
        "gauge,min=1,max=9,sum=20,count=4",
    ];
    let lines = (0..SERIES).map(|number| {
        let payload = payloads[number % payloads.len()];
        let text = format!("service.metric{number},route=/orders,outcome=ok {payload}");
        Arc::new(text.parse().expect("a valid line"))
    });
    lines.collect()
}

#[test]
fn a_day_of_a_small_service_is_held_and_bounded() {
    let mut state = State::new(Limits::default().lines(1_000));
    let lines = lines();
    let start = at(0);
    let pushes = u32::try_from(DAY.as_secs() / INTERVAL.as_secs()).expect("8,640");
    for push in 0..=pushes {
        for line in &lines {
            state.add_line(Arc::clone(line), start + push * INTERVAL);
        }
    }

    assert_eq!(state.tracked().len(), SERIES);
    assert_eq!(state.lines().len(), 1_000);
    for tracked in state.tracked() {
        let history = tracked.history.as_ref().expect("few series have a past");
        for (resolution, reach) in [
            (Resolution::Second, 20 * HOUR / 60),
            (Resolution::HalfMinute, HOUR),
            (Resolution::TwelveMinutes, DAY),
        ] {
            let points = history.points(resolution);
            let step = u64::from(resolution.seconds()) * 1_000;
            let (first, last) = (
                points[0].at_ms(resolution),
                points[points.len() - 1].at_ms(resolution),
            );
            let covered = Duration::from_millis(last + step - first);
            assert!(covered >= reach, "{resolution:?}: {covered:?}");
            for (before, after) in points.iter().zip(points.iter().skip(1)) {
                let gap = after.at_ms(resolution) - before.at_ms(resolution);
                assert!(gap <= step.max(10_000), "{resolution:?}: a gap of {gap} ms");
            }
        }
        // All of the day is in the chart of the day, with any clock.
        let day = history.points(Resolution::TwelveMinutes).iter();
        let values: f64 = day.map(|point| f64::from(point.count)).sum();
        let of_a_push = tracked.series.values / u64::from(pushes + 1);
        assert_eq!(
            values.to_string(),
            ((u64::from(pushes) + 1) * of_a_push).to_string()
        );
    }
    let bytes = state.tracked().iter().map(|tracked| {
        let history = tracked.history.as_ref().expect("few series have a past");
        let points = [
            Resolution::Second,
            Resolution::HalfMinute,
            Resolution::TwelveMinutes,
        ]
        .map(|resolution| history.points(resolution).capacity());
        points.iter().sum::<usize>() * size_of::<Point>()
    });
    let largest = bytes.max().expect("there are series");
    assert!(largest <= 10_000, "{largest} bytes of a series");
}
