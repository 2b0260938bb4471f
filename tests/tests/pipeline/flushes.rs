//! Many flushes at once.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::common::accounting::assert_accounted;
use crate::common::{AMPLE, server, to};
use dt_metrics::count;

const CALLERS: u64 = 200;

#[test]
fn concurrent_flushes_succeed_and_each_delivers_earlier_counts() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let barrier = Barrier::new(usize::try_from(CALLERS).unwrap());
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                barrier.wait();
                count!("flushes.calls");
                metrics.flush(AMPLE).unwrap();
            });
        }
    });
    assert_eq!(server.counter_total("flushes.calls", &[]), CALLERS as f64);

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let metrics = Arc::new(metrics);
    runtime.block_on(async {
        let flushes: Vec<_> = (0..CALLERS)
            .map(|_| {
                let metrics = metrics.clone();
                tokio::spawn(async move { metrics.flush_async(AMPLE).await })
            })
            .collect();
        for flush in flushes {
            flush.await.unwrap().unwrap();
        }
    });
    let health = metrics.health();
    assert_accounted(health.points_accepted, &health);
}

#[test]
fn flushes_without_time_and_within_a_runtime_neither_panic_nor_wait() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    thread::scope(|scope| {
        for number in 0..50 {
            let metrics = &metrics;
            scope.spawn(move || {
                count!("flushes.hasty");
                let timeout = Duration::from_millis(number % 3);
                let _ = metrics.flush(timeout);
            });
        }
    });
    for builder in [
        tokio::runtime::Builder::new_current_thread,
        tokio::runtime::Builder::new_multi_thread,
    ] {
        let runtime = builder().enable_all().build().unwrap();
        runtime.block_on(async {
            count!("flushes.hasty");
            metrics.flush(AMPLE).unwrap();
            let _ = metrics.flush(Duration::ZERO);
            let _ = metrics.flush_async(Duration::ZERO).await;
            // Dropped before it is polled, and while it waits.
            drop(metrics.flush_async(AMPLE));
            let waiting = metrics.flush_async(AMPLE);
            let _ = tokio::time::timeout(Duration::ZERO, waiting).await;
        });
    }
    // Without any runtime.
    let mut flush = Box::pin(metrics.flush_async(AMPLE));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while flush.as_mut().poll(&mut context).is_pending() {
        thread::yield_now();
    }
    drop(flush);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("flushes.hasty", &[]), 52.0);
    let health = metrics.health();
    assert_accounted(health.points_accepted, &health);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        count!("flushes.hasty");
        metrics.shutdown(AMPLE).unwrap();
    });
    assert_eq!(server.counter_total("flushes.hasty", &[]), 53.0);
}

#[test]
fn a_deadline_is_reported_with_the_timeout_of_the_caller() {
    own_process!();
    let server = server();
    server.fail_always(503).unwrap();
    let metrics = to(&server).install().unwrap();
    count!("flushes.late");
    for (timeout, expected) in [
        (Duration::ZERO, "within 0 s"),
        (Duration::from_millis(150), "within 150 ms"),
        (Duration::from_millis(1_100), "within 1.1 s"),
    ] {
        let error = metrics.flush(timeout).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let _ = metrics.shutdown(Duration::ZERO);
}
