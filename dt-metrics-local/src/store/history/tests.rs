//! Tests of the history of a series.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{History, POINTS, Resolution};
use crate::protocol::Payload;

fn at(seconds: u64) -> SystemTime {
    // A multiple of every resolution.
    UNIX_EPOCH + Duration::from_secs(1_699_999_200 + seconds)
}

fn count(delta: f64) -> Payload {
    Payload::Count { delta }
}

fn sums(history: &History, resolution: Resolution) -> Vec<f64> {
    let points = history.points(resolution).iter();
    points.map(|point| point.sum).collect()
}

#[test]
fn values_within_a_step_are_one_point() {
    let mut history = History::default();
    for second in 0..60 {
        history.add(count(1.0), at(second), at(second));
        history.add(count(2.0), at(second), at(second));
    }
    assert_eq!(sums(&history, Resolution::Second), vec![3.0; 60]);
    assert_eq!(sums(&history, Resolution::HalfMinute), [90.0, 90.0]);
    assert_eq!(sums(&history, Resolution::TwelveMinutes), [180.0]);
}

#[test]
fn a_day_of_pushes_every_second_is_bounded_and_reaches_back_a_day() {
    const DAY: u64 = 24 * 3_600;
    let mut history = History::default();
    for second in 0..2 * DAY {
        history.add(count(1.0), at(second), at(second));
    }
    let now = 2 * DAY;
    for (resolution, reach) in [
        (Resolution::Second, 120),
        (Resolution::HalfMinute, 3_600),
        (Resolution::TwelveMinutes, DAY),
    ] {
        let points = history.points(resolution);
        assert!(points.len() <= POINTS && points.capacity() <= POINTS);
        let oldest = points[0].at_ms(resolution) / 1_000 - 1_699_999_200;
        assert!(now - oldest >= reach, "{resolution:?} from {oldest}");
    }
}

#[test]
fn points_keep_their_extremes() {
    let mut history = History::default();
    let empty = Payload::Summary {
        min: 0.0,
        max: 0.0,
        sum: 0.0,
        count: 0,
    };
    let some = Payload::Summary {
        min: 2.0,
        max: 8.0,
        sum: 10.0,
        count: 2,
    };
    for payload in [empty, some, Payload::Gauge { value: -1e300 }, empty] {
        history.add(payload, at(0), at(0));
    }
    let point = history.points(Resolution::Second)[0];
    assert!(point.count.to_bits() == 3_f32.to_bits());
    assert!((point.min, point.max) == (f32::MIN, 8.0), "{point:?}");
}

#[test]
fn a_clock_that_is_set_back_restarts_the_estimate() {
    let mut history = History::default();
    history.add(count(1.0), at(5_000), at(5_000));
    history.add(count(2.0), at(0), at(0));
    assert_eq!(sums(&history, Resolution::Second), [2.0]);
    assert_eq!(sums(&history, Resolution::TwelveMinutes), [2.0]);
}

#[test]
fn points_that_come_late_are_at_their_time() {
    let mut history = History::default();
    for (delta, seconds) in [(1.0, 0), (2.0, 60), (4.0, 30), (8.0, 60), (16.0, 10)] {
        history.add(count(delta), at(seconds), at(100));
    }
    assert_eq!(sums(&history, Resolution::Second), [1.0, 16.0, 4.0, 10.0]);
    assert_eq!(sums(&history, Resolution::HalfMinute), [17.0, 4.0, 10.0]);
    let newest = history.points(Resolution::Second)[3];
    assert_eq!(newest.at_ms(Resolution::Second), 1_699_999_260_000);
    // A point may be ahead of the clock, and one that is older than all of many is left out.
    for second in 0..300 {
        history.add(count(0.0), at(1_000 + second), at(1_000));
    }
    assert_eq!(history.points(Resolution::Second).len(), POINTS);
    history.add(count(32.0), at(1_000), at(1_000));
    assert_eq!(
        history.points(Resolution::Second)[0].step,
        history.points(Resolution::Second)[1].step - 1
    );
    assert!(
        sums(&history, Resolution::Second)
            .iter()
            .all(|sum| *sum == 0.0)
    );
    assert!(history.points(Resolution::Second).capacity() <= POINTS);
}
