//! How much memory threads keep for the values that they record, as the program's allocator sees it.
#![allow(unsafe_code, reason = "an allocator")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use dt_metrics::timed;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

const AMPLE: Duration = Duration::from_secs(30);
const KIB: isize = 1_024;

/// The system's allocator, which counts the bytes in use.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that all threads have in use.
static IN_USE: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    /// Bytes that this thread allocated and did not free.
    static KEPT: Cell<isize> = const { Cell::new(0) };
}

fn changed(by: isize) {
    IN_USE.fetch_add(by, Ordering::Relaxed);
    KEPT.set(KEPT.get() + by);
}

// SAFETY: every call goes to `System` with its arguments, and its result is returned.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        changed(layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        changed(-layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Discards everything.
struct Discard;

impl PushMetricExporter for Discard {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

/// The tests take turns, since they see the memory of the whole process.
static TURN: Mutex<()> = Mutex::new(());

#[timed(name = "kept.duration")]
fn call() {}

#[timed(name = "kept.by_worker.duration", dims(worker = worker))]
fn call_of(worker: &str) {
    let _ = worker;
}

fn kept_by(work: impl FnOnce()) -> isize {
    let before = KEPT.get();
    work();
    KEPT.get() - before
}

#[test]
fn a_thread_keeps_memory_for_the_values_it_records_and_no_more() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // Memory that the whole program needs once is allocated before.
    call();
    call_of("first");
    thread::scope(|scope| {
        scope.spawn(|| {
            let few = kept_by(|| (0..10).for_each(|_| call()));
            assert!((1..=4 * KIB).contains(&few), "{few} bytes for 10 values");
            let labelled = kept_by(|| call_of("first"));
            assert!(labelled <= 2 * KIB, "{labelled} bytes for a series");
            let many = kept_by(|| (0..1_000).for_each(|_| call()));
            assert!(few + many >= 16 * KIB, "{many} bytes for 1,000 values");
            assert!(few + many <= 40 * KIB, "{many} bytes for 1,000 values");
            let all = kept_by(|| (0..100_000).for_each(|_| call()));
            assert!(few + many + all <= 140 * KIB, "{all} bytes for 100,000");
        });
    });
}

#[test]
fn memory_of_threads_that_have_ended_is_given_back() {
    const THREADS: usize = 32;
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(Discard)
        .push_interval(AMPLE * 100)
        .set_global(false)
        .install()
        .unwrap();
    let burst = |calls: usize| {
        let together = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    (0..calls).for_each(|_| call());
                    together.wait();
                });
            }
        });
        metrics.flush(AMPLE).unwrap();
        IN_USE.load(Ordering::Relaxed)
    };
    // The cells of so many threads, and all that the pipeline needs once in a program that records much.
    burst(3_000);
    let few = burst(1);
    let many = burst(3_000);
    let each = (many - few) / THREADS.cast_signed();
    assert!(each <= 4 * KIB, "{each} bytes of each thread after its end");
    metrics.shutdown(AMPLE).unwrap();
}
