//! `testing::capture` on annotated functions, in tests that run side by side.

mod pipeline;
mod tasks;

use std::panic::catch_unwind;
use std::sync::Barrier;
use std::thread;

use dt_metrics::testing::{Captured, capture, capture_with};
use dt_metrics::{DimensionValue, count, counted, gauge, in_flight, timed};

#[derive(Clone, Copy, DimensionValue)]
enum Tier {
    Free,
    Gold,
}

#[counted(name = "capture.calls", dims(region = "eu"))]
#[counted(name = "capture.calls.by_tier", dims(tier = tier))]
#[counted(name = "capture.calls.by_worker", dims(worker = worker))]
#[timed(name = "capture.duration", dims(worker = worker))]
#[in_flight(name = "capture.in_flight")]
fn work(worker: u64, tier: Tier) -> u64 {
    let _ = tier;
    gauge!("capture.worker", worker);
    count!("capture.lines", 3);
    worker
}

/// One test's calls, and that it sees them and no others.
fn sees_its_own(worker: u64, repetition: u64) {
    let calls = worker + repetition % 5;
    work(worker, Tier::Free);
    let (seen, sum) = capture_with(|| (0..calls).map(|_| work(worker, Tier::Gold)).sum::<u64>());
    work(worker, Tier::Gold);
    assert_eq!(sum, calls * worker);
    let of_region = seen.counter("capture.calls").with("region", "eu");
    assert_eq!(of_region.value(), calls, "{seen:?}");
    let by_tier = |tier| {
        seen.counter("capture.calls.by_tier")
            .with("tier", tier)
            .value()
    };
    assert_eq!(
        (by_tier(Tier::Gold), by_tier(Tier::Free)),
        (calls, 0),
        "{seen:?}"
    );
    let by_worker = seen.counter("capture.calls.by_worker");
    assert_eq!(
        by_worker.clone().with("worker", worker).value(),
        calls,
        "{seen:?}"
    );
    assert_eq!(by_worker.value(), calls, "{seen:?}");
    assert_eq!(
        seen.histogram("capture.duration").count(),
        calls,
        "{seen:?}"
    );
    assert_eq!(
        seen.up_down_counter("capture.in_flight").value(),
        0,
        "{seen:?}"
    );
    assert_eq!(seen.counter("capture.lines").value(), 3 * calls, "{seen:?}");
    let last = (calls > 0).then_some(worker as f64);
    assert_eq!(seen.gauge("capture.worker").value(), last, "{seen:?}");
}

#[test]
fn sixteen_threads_see_their_own_calls_a_thousand_times() {
    let start = Barrier::new(16);
    thread::scope(|scope| {
        for worker in 0..16 {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                (0..1_000).for_each(|repetition| sees_its_own(worker, repetition));
            });
        }
    });
}

/// Tests that run side by side, as a user has them.
macro_rules! side_by_side {
    ($($name:ident: $worker:literal),+) => {$(
        #[test]
        fn $name() {
            (0..1_000).for_each(|repetition| sees_its_own($worker, repetition));
        }
    )+};
}

mod side_by_side {
    use super::sees_its_own;

    side_by_side!(
        t00: 0, t01: 1, t02: 2, t03: 3, t04: 4, t05: 5, t06: 6, t07: 7,
        t08: 8, t09: 9, t10: 10, t11: 11, t12: 12, t13: 13, t14: 14, t15: 15
    );
}

#[test]
fn a_panic_is_seen_by_the_capture_around() {
    #[counted(name = "capture.panics")]
    #[timed(name = "capture.panics.duration")]
    #[in_flight(name = "capture.panics.in_flight")]
    fn panics() {
        std::panic::resume_unwind(Box::new(()));
    }
    let seen = capture(|| {
        catch_unwind(|| capture(panics)).unwrap_err();
    });
    panics_are_over(&seen);
    assert_eq!(seen.counter("capture.panics").value(), 1);
    assert_eq!(seen.histogram("capture.panics.duration").count(), 1);
    assert_eq!(seen.up_down_counter("capture.panics.in_flight").value(), 0);
}

/// Nothing is captured any more.
fn panics_are_over(seen: &Captured) {
    let before = format!("{seen:?}");
    count!("capture.later");
    assert_eq!(format!("{seen:?}"), before);
    assert_eq!(capture(|| ()).counter("capture.later").value(), 0);
}
