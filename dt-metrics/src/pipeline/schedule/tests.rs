//! When pushes come.

use std::time::{Duration, Instant};

use super::{Schedule, first_pause, fraction};

#[test]
fn the_first_push_is_anywhere_within_the_interval() {
    let interval = Duration::from_secs(10);
    assert_eq!(first_pause(interval, 0.0), Duration::from_secs(1));
    assert_eq!(first_pause(interval, 1.0), interval);
    let mut pauses: Vec<_> = (0..1_000)
        .map(|_| first_pause(interval, fraction()).as_secs_f64())
        .collect();
    pauses.sort_by(f64::total_cmp);
    assert!(pauses[0] >= 1.0 && pauses[999] <= 10.0);
    // Evenly: a quarter of them in each quarter of the time.
    for (index, expected) in [(250, 3.25), (500, 5.5), (750, 7.75)] {
        let pause = pauses[index];
        assert!((pause - expected).abs() < 1.0, "{index}: {pause}");
    }
}

#[test]
fn a_late_push_does_not_move_the_next_one_and_missed_pushes_are_not_made_up() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let seconds = Duration::from_secs;
    let mut schedule = Schedule::beginning(seconds(3), seconds(10), start);
    assert_eq!(schedule.pause(at(1)), seconds(2));
    assert_eq!(schedule.pause(at(4)), seconds(0));
    // It was due after 3 seconds, and took four.
    schedule.pushed(at(7));
    assert_eq!(schedule.pause(at(7)), seconds(6));
    // It was due after 13 seconds, and took longer than two intervals.
    schedule.pushed(at(40));
    assert_eq!(schedule.pause(at(40)), seconds(10));
}

#[test]
fn an_interval_may_be_longer_than_any_clock() {
    let now = Instant::now();
    let mut schedule = Schedule::beginning(Duration::MAX, Duration::MAX, now);
    assert_eq!(schedule.pause(now), Duration::MAX);
    schedule.pushed(now);
    assert_eq!(schedule.pause(now), Duration::MAX);
}
