//! An allocator whose functions are annotated: it counts, and never waits for itself.
#![allow(unsafe_code, reason = "an allocator")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use dt_metrics::{DimensionValue, counted, in_flight, measured, recorded, timed};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, HistogramDataPoint, MetricData, ResourceMetrics, ScopeMetrics, SumDataPoint,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

const AMPLE: Duration = Duration::from_secs(60);

/// Calls of threads of the pipeline that may be under way while the test looks.
const UNDER_WAY: u64 = 64;

#[derive(Clone, Copy, DimensionValue)]
enum Size {
    Small,
    Large,
}

fn size(layout: Layout) -> Size {
    if layout.size() < 256 {
        Size::Small
    } else {
        Size::Large
    }
}

/// A text that is known only at run time: one of nine.
fn class(layout: Layout) -> &'static str {
    let classes = ["1", "2", "4", "8", "16", "32", "64", "128", "more"];
    let class = layout.size().max(1).ilog2() as usize;
    black_box(classes[class.min(classes.len() - 1)])
}

struct Annotated;

#[global_allocator]
static ALLOCATOR: Annotated = Annotated;

static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);
static GROWN: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to `System` with its arguments, and its result is returned.
unsafe impl GlobalAlloc for Annotated {
    #[counted(name = "allocator.allocated", dims(kind = "alloc"))]
    #[counted(name = "allocator.allocated_by_size", dims(size = size(layout)))]
    #[counted(name = "allocator.allocated_by_class", dims(class = class(layout)))]
    #[counted(name = "allocator.bytes", by = layout.size())]
    #[in_flight(name = "allocator.in_flight")]
    #[in_flight(name = "allocator.in_flight_by_class", dims(class = class(layout)))]
    #[timed(name = "allocator.duration", unit = "us")]
    #[timed(name = "allocator.duration_by_class", dims(class = class(layout)))]
    #[recorded(name = "allocator.size", value = layout.size())]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    #[counted(name = "allocator.freed", dims(kind = black_box("free")))]
    #[measured(name = "allocator.freed_by_size", dims(size = size(layout)))]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        FREED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    #[measured(name = "allocator.grown")]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        GROWN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// Adds up the deltas of counters, and the values of histograms.
#[derive(Clone, Default)]
struct Sums(Arc<Mutex<BTreeMap<String, u64>>>);

impl PushMetricExporter for Sums {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let added: u64 = match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    sum.data_points().map(SumDataPoint::value).sum()
                }
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                    histogram.data_points().map(HistogramDataPoint::count).sum()
                }
                _ => continue,
            };
            let mut sums = self.0.lock().unwrap();
            *sums.entry(metric.name().to_owned()).or_default() += added;
        }
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

fn allocate(times: usize) {
    for n in 0..times {
        let mut vec: Vec<u8> = black_box(Vec::with_capacity(n % 512 + 1));
        vec.reserve(1_024);
        drop(black_box(vec));
    }
}

/// Allocates when the storage of its thread goes.
struct AllocatesAtExit;

impl Drop for AllocatesAtExit {
    fn drop(&mut self) {
        allocate(100);
    }
}

thread_local! {
    static LAST: AllocatesAtExit = const { AllocatesAtExit };
}

/// A thread that allocates in its whole life.
fn live(times: usize) {
    LAST.with(|_| ());
    allocate(times);
}

#[test]
fn an_annotated_allocator_counts_on_all_threads_while_it_is_collected() {
    // It has counted since before `main`.
    assert!(ALLOCATED.load(Ordering::Relaxed) > 0);
    drop(dt_metrics::catalog());
    let seen = dt_metrics::testing::capture(|| allocate(10));
    assert!(seen.counter("allocator.allocated").value() >= 10);
    thread::scope(|scope| {
        (0..4).for_each(|_| {
            scope.spawn(|| live(100));
        });
    });

    let sums = Sums::default();
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(sums.clone())
        .push_interval(AMPLE * 100)
        .install()
        .unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    live(5_000);
                    // Threads that live shortly.
                    (0..10).for_each(|_| thread::spawn(|| live(10)).join().unwrap());
                })
            })
            .collect();
        let collecting = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                metrics.flush(AMPLE).unwrap();
            }
        });
        for thread in threads {
            thread.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        collecting.join().unwrap();
    });
    let counts = || [&ALLOCATED, &FREED, &GROWN].map(|n| n.load(Ordering::Relaxed));
    let before = counts();
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    let after = counts();
    let sums = sums.0.lock().unwrap().clone();
    // A thread of the pipeline gives up values if it records more than it can keep.
    let given_up = metrics.health().dropped.get("before_install").copied();
    let may_miss_values = UNDER_WAY + given_up.unwrap_or(0);
    let mut wrong = Vec::new();
    for (name, which, may_miss) in [
        ("allocator.allocated", 0, UNDER_WAY),
        ("allocator.allocated_by_size", 0, UNDER_WAY),
        ("allocator.allocated_by_class", 0, UNDER_WAY),
        ("allocator.freed", 1, UNDER_WAY),
        ("allocator.freed_by_size.calls", 1, UNDER_WAY),
        ("allocator.grown.calls", 2, UNDER_WAY),
        ("allocator.size", 0, may_miss_values),
        ("allocator.duration", 0, may_miss_values),
        // No timer runs while the library itself allocates to add a series.
        (
            "allocator.duration_by_class",
            0,
            may_miss_values + before[0] / 10,
        ),
    ] {
        let counted = sums.get(name).copied().unwrap_or(0);
        if counted + may_miss < before[which] || counted > after[which] {
            wrong.push((name, counted, before[which], after[which]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}, {given_up:?}");
    assert!(sums["allocator.bytes"] > before[0]);
}
