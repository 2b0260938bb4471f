//! Captures of the whole process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::instrument;
use crate::descriptor::{Descriptor, Kind};
use crate::instrument::expanded::Checked;
use crate::instrument::{Counter as Handle, Gauge as GaugeHandle};
use crate::private::{Counter, DimensionedCounter, DimensionedHistogram, Histogram, UpDownCounter};
use crate::testing::{capture, capture_all, capture_all_async};

#[test]
fn all_threads_and_kinds_are_seen_and_nothing_from_before() {
    instrument!(C: DimensionedCounter, Counter, "all.c", ["of"], &[None]);
    instrument!(U: UpDownCounter, UpDownCounter, "all.u", [], &[]);
    instrument!(H: DimensionedHistogram, Histogram, "all.h", ["of"], &[None]);
    let measure = |factor: u64| {
        C.add(factor, (&"a", ()));
        U.add(-1);
        for value in 0..3 {
            drop(H.start(1.0, (&"timer", ())));
            H.record(f64::from(value), (&"value", ()));
        }
    };
    let depth = GaugeHandle::builder("all.g").build().unwrap();
    let hits = Handle::builder("all.hits")
        .dimension("of", "a")
        .build()
        .unwrap();
    measure(100);
    thread::spawn(move || measure(100)).join().unwrap();
    hits.add(100);
    let seen = capture_all(|| {
        measure(1);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    measure(2);
                    hits.add(1);
                    hits.with([("zone", 1)]).unwrap().add(1);
                });
            }
        });
        thread::spawn(move || depth.set(7)).join().unwrap();
        // Another capture sees its own part only.
        assert_eq!(capture(|| measure(4)).counter("all.c").value(), 4);
    });
    measure(100);
    assert_eq!(seen.counter("all.c").with("of", "a").value(), 13);
    assert_eq!(seen.up_down_counter("all.u").value(), -6);
    let values = seen.histogram("all.h").with("of", "value");
    assert_eq!((values.count(), values.sum()), (18, 18.0));
    assert_eq!(seen.histogram("all.h").with("of", "timer").count(), 18);
    assert_eq!(seen.gauge("all.g").value(), Some(7.0));
    assert_eq!(seen.counter("all.hits").value(), 8);
    assert_eq!(seen.counter("all.hits").with("zone", 1).value(), 4);
    let own: Vec<_> = seen.iter().filter(|s| s.name() == "all.u").collect();
    assert_eq!(own.len(), 1);
    assert_eq!(
        (own[0].kind(), own[0].to_string().as_str()),
        (Kind::UpDownCounter, "up-down counter all.u{} = -6")
    );
}

#[test]
fn more_values_than_a_thread_keeps_are_seen() {
    instrument!(H: Histogram, Histogram, "all.many", [], &[]);
    (0..3_000).for_each(|_| H.record(1.0));
    let seen = capture_all(|| {
        (0..50_000).for_each(|_| H.record(2.0));
        thread::spawn(|| (0..50_000).for_each(|_| H.record(2.0)))
            .join()
            .unwrap();
    });
    let seen = seen.histogram("all.many");
    assert_eq!((seen.count(), seen.min()), (100_000, Some(2.0)));
}

#[test]
fn sums_beyond_the_range_of_a_cell_are_seen() {
    instrument!(C: Counter, Counter, "all.large", [], &[]);
    C.add(Checked(u64::MAX - 1));
    let seen = capture_all(|| {
        C.add(Checked(10_u64));
        C.add(Checked(7_u64));
    });
    assert_eq!(seen.counter("all.large").value(), 17);
}

#[test]
fn one_runs_at_a_time() {
    instrument!(C: Counter, Counter, "all.turns", [], &[]);
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let seen = capture_all(|| {
                        assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0);
                        C.add(1);
                        thread::yield_now();
                        INSIDE.fetch_sub(1, Ordering::SeqCst);
                    });
                    assert_eq!(seen.counter("all.turns").value(), 1);
                }
            });
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    // They wait for each other on one thread.
                    let one = || {
                        capture_all_async(async {
                            assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0);
                            C.add(1);
                            tokio::task::yield_now().await;
                            INSIDE.fetch_sub(1, Ordering::SeqCst);
                        })
                    };
                    let tasks: Vec<_> = (0..5).map(|_| tokio::spawn(one())).collect();
                    for task in tasks {
                        assert_eq!(task.await.unwrap().counter("all.turns").value(), 1);
                    }
                });
            });
        }
    });
}

#[test]
fn one_inside_of_another_is_an_error_and_the_next_one_works() {
    instrument!(C: Counter, Counter, "all.inside", [], &[]);
    let nested = catch_unwind(AssertUnwindSafe(|| {
        let _ = capture_all(|| capture_all(|| C.add(1)));
    }));
    let message = *nested.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("one runs at a time"), "{message}");
    assert_eq!(capture_all(|| C.add(2)).counter("all.inside").value(), 2);
    let given_up = capture_all_async(async {
        C.add(4);
        core::future::pending::<()>().await;
    });
    drop(given_up);
    assert_eq!(capture_all(|| C.add(8)).counter("all.inside").value(), 8);
}
