//! `testing::capture` on annotated functions, in tests that run side by side.

mod common;

use std::panic::catch_unwind;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use common::{AMPLE, alone, server, to};
use dt_metrics::testing::{Capture, capture, capture_async, capture_async_with, capture_with};
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

#[counted(name = "capture.async.calls")]
#[timed(name = "capture.async.duration")]
#[in_flight(name = "capture.async.in_flight")]
async fn work_async(steps: u64) {
    for _ in 0..steps {
        count!("capture.async.steps");
        tokio::task::yield_now().await;
    }
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

/// The same as tests of their own, as a user has them.
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
fn what_is_seen_reaches_the_pipeline_before_and_after_it_is_there() {
    #[counted(name = "capture.sent", dims(id = id), max_series = 2)]
    #[timed(name = "capture.sent.duration", dims(id = id), max_series = 2)]
    #[in_flight(name = "capture.sent.in_flight", dims(id = id), max_series = 2)]
    fn sent(id: u64) {
        gauge!("capture.sent.last", id);
    }

    let _turn = alone();
    let server = server();
    let seen_before = capture(|| (0..10).for_each(sent));
    let metrics = to(&server).install().unwrap();
    let seen = capture(|| {
        (0..10).for_each(sent);
        metrics.flush(AMPLE).unwrap();
        (0..10).for_each(sent);
    });
    sent(0);
    metrics.shutdown(AMPLE).unwrap();
    let after = capture(|| (0..10).for_each(sent));

    for (seen, calls) in [(seen_before, 1), (seen, 2), (after, 1)] {
        for id in 0..10 {
            let of = |name| seen.counter(name).with("id", id).value();
            assert_eq!(of("capture.sent"), calls, "{seen:?}");
            let durations = seen.histogram("capture.sent.duration").with("id", id);
            assert_eq!(durations.count(), calls, "{seen:?}");
            let in_flight = seen
                .up_down_counter("capture.sent.in_flight")
                .with("id", id);
            assert_eq!(in_flight.value(), 0, "{seen:?}");
        }
    }
    assert_eq!(server.counter_total("capture.sent", &[]), 31.0);
    // What a capture tells apart is one series beyond the limit all the same.
    let overflow = [("otel.metric.overflow", "true")];
    assert_eq!(server.counter_total("capture.sent", &overflow), 24.0);
    let durations: Vec<_> = server
        .series()
        .into_iter()
        .filter(|series| series.metric == "capture.sent.duration")
        .collect();
    let values = |key: &str, value: &str| {
        let dimension = (key.to_owned(), value.to_owned());
        durations
            .iter()
            .filter(|series| series.dimensions.contains(&dimension))
            .map(|series| series.values)
            .collect::<Vec<_>>()
    };
    assert_eq!(values("id", "0"), [4]);
    assert_eq!(values("id", "1"), [3]);
    assert_eq!(values("otel.metric.overflow", "true"), [24]);
    assert_eq!(durations.len(), 3);
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
fn panics_are_over(seen: &dt_metrics::testing::Captured) {
    let before = format!("{seen:?}");
    count!("capture.later");
    assert_eq!(format!("{seen:?}"), before);
    assert_eq!(capture(|| ()).counter("capture.later").value(), 0);
}

/// Sixteen tasks that take turns on the threads of the runtime.
async fn tasks_see_their_own() {
    let tasks: Vec<_> = (0..16_u64)
        .map(|task| {
            tokio::spawn(async move {
                for repetition in 0..50 {
                    let steps = 1 + (task + repetition) % 7;
                    let (seen, ()) = capture_async_with(work_async(steps)).await;
                    assert_eq!(seen.counter("capture.async.calls").value(), 1, "{seen:?}");
                    assert_eq!(
                        seen.counter("capture.async.steps").value(),
                        steps,
                        "{seen:?}"
                    );
                    assert_eq!(
                        seen.histogram("capture.async.duration").count(),
                        1,
                        "{seen:?}"
                    );
                    let in_flight = seen.up_down_counter("capture.async.in_flight");
                    assert_eq!(in_flight.value(), 0, "{seen:?}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn tasks_on_one_thread_see_their_own() {
    tasks_see_their_own().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_on_several_threads_see_their_own() {
    tasks_see_their_own().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn spawned_tasks_are_seen_if_the_capture_is_carried_there() {
    let seen = capture_async(async {
        let carried = Capture::current();
        let mut tasks = tokio::task::JoinSet::new();
        for steps in 0..20 {
            tasks.spawn(work_async(steps));
            tasks.spawn(carried.run_async(work_async(steps)));
            let carried = carried.clone();
            tasks.spawn_blocking(move || carried.run(|| count!("capture.blocking")));
        }
        tasks.join_all().await;
    })
    .await;
    assert_eq!(seen.counter("capture.async.calls").value(), 20);
    assert_eq!(seen.counter("capture.async.steps").value(), 190);
    assert_eq!(seen.counter("capture.blocking").value(), 20);
}

#[test]
fn tasks_of_a_runtime_that_is_waited_for_on_this_thread_are_seen_once() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let seen = capture(|| {
        runtime.block_on(async {
            let plain = tokio::spawn(work_async(2));
            let carried = tokio::spawn(Capture::current().run_async(work_async(3)));
            plain.await.unwrap();
            carried.await.unwrap();
        });
    });
    assert_eq!(seen.counter("capture.async.calls").value(), 2);
    assert_eq!(seen.counter("capture.async.steps").value(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_is_counted_out() {
    let seen = capture_async(async {
        for _ in 0..100 {
            let cancelled = async {
                work_async(1).await;
                endless().await;
            };
            tokio::time::timeout(Duration::from_millis(1), cancelled)
                .await
                .unwrap_err();
        }
    })
    .await;
    assert_eq!(seen.counter("capture.endless.calls").value(), 100);
    assert_eq!(seen.up_down_counter("capture.endless").value(), 0);
}

#[counted(name = "capture.endless.calls")]
#[in_flight(name = "capture.endless")]
async fn endless() {
    std::future::pending().await
}
