//! Futures, on one thread and on several.

use std::time::Duration;

use dt_metrics::testing::{Capture, capture, capture_async, capture_async_with};
use dt_metrics::{count, counted, in_flight, timed};

#[counted(name = "capture.async.calls")]
#[timed(name = "capture.async.duration")]
#[in_flight(name = "capture.async.in_flight")]
async fn work_async(steps: u64) {
    for _ in 0..steps {
        count!("capture.async.steps");
        tokio::task::yield_now().await;
    }
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
    std::future::pending::<()>().await;
}
