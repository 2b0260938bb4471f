//! Captures across threads.

use std::sync::{Barrier, mpsc};
use std::thread;

use super::instrument;
use crate::descriptor::{Descriptor, Kind};
use crate::private::{Counter, DimensionedCounter, DimensionedHistogram, Histogram, UpDownCounter};
use crate::testing::{Capture, capture, capture_with};

#[test]
fn other_threads_are_not_seen_unless_the_capture_is_carried_there() {
    instrument!(C: Counter, Counter, "threads", [], &[]);
    let seen = capture(|| {
        thread::spawn(|| C.add(1)).join().unwrap();
        let capture = Capture::current();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| capture.run(|| (0..100).for_each(|_| C.add(1))));
            }
        });
        // One that is there already sees it once.
        capture.run(|| C.add(1_000));
    });
    assert_eq!(seen.counter("threads").value(), 1_400);
}

#[test]
fn a_capture_that_has_ended_sees_nothing_more() {
    instrument!(C: Counter, Counter, "ended", [], &[]);
    let (seen, kept) = capture_with(|| {
        C.add(1);
        Capture::current()
    });
    kept.run(|| C.add(2));
    Capture::current().run(|| C.add(4));
    assert_eq!(seen.counter("ended").value(), 1);
}

#[test]
fn a_guard_is_seen_where_it_goes() {
    instrument!(U: UpDownCounter, UpDownCounter, "guards.u", [], &[]);
    instrument!(H: DimensionedHistogram, Histogram, "guards.h", ["a"], &[None]);
    let (first, (entered, timer)) = capture_with(|| (U.enter(), H.start(1.0, (&"x", ()))));
    assert_eq!(first.up_down_counter("guards.u").value(), 1);
    assert_eq!(format!("{:?}", first.histogram("guards.h")), "[]");
    let second = capture(|| {
        drop(entered);
        drop(timer);
        thread::spawn(|| drop(U.enter())).join().unwrap();
    });
    assert_eq!(second.up_down_counter("guards.u").value(), -1);
    assert_eq!(second.histogram("guards.h").with("a", "x").count(), 1);
}

#[test]
fn a_thread_may_end_soon_after() {
    instrument!(C: Counter, Counter, "exit", [], &[]);
    instrument!(H: Histogram, Histogram, "exit.h", [], &[]);
    struct CapturesOnExit;
    impl Drop for CapturesOnExit {
        fn drop(&mut self) {
            // Too late to be seen, perhaps, but nothing breaks.
            let seen = capture(|| C.add(1));
            assert!(seen.counter("exit").value() <= 1);
            H.record(1.0);
        }
    }
    thread_local! {
        static BEFORE: CapturesOnExit = const { CapturesOnExit };
        static AFTER: CapturesOnExit = const { CapturesOnExit };
    }
    for _ in 0..10 {
        thread::spawn(|| {
            BEFORE.with(|_| ());
            let seen = capture(|| {
                C.add(1);
                H.record(1.0);
            });
            assert_eq!(seen.counter("exit").value(), 1);
            AFTER.with(|_| ());
        })
        .join()
        .unwrap();
    }
    assert_eq!(capture(|| C.add(1)).counter("exit").value(), 1);
}

#[test]
fn captured_measurements_are_still_counted() {
    instrument!(C: Counter, Counter, "counted", [], &[]);
    instrument!(H: Histogram, Histogram, "counted.h", [], &[]);
    // More than the buffer of a thread holds.
    const CALLS: u64 = 12_000;
    thread::spawn(|| {
        let seen = capture(|| {
            for _ in 0..CALLS {
                C.add(1);
                H.record(1.0);
            }
        });
        assert_eq!(seen.counter("counted").value(), CALLS);
        assert_eq!(seen.histogram("counted.h").count(), CALLS);
        C.add(1);
    })
    .join()
    .unwrap();
    assert_eq!(crate::instrument::total("counted"), CALLS + 1);
}

#[test]
fn threads_that_measure_the_same_do_not_see_each_other() {
    instrument!(C: DimensionedCounter, Counter, "apart.c", ["id"], &[None]);
    instrument!(H: Histogram, Histogram, "apart.h", [], &[]);
    const THREADS: u32 = 8;
    const ROUNDS: u32 = 50;
    let start = Barrier::new(THREADS as usize);
    let (wrong, all) = mpsc::channel();
    thread::scope(|scope| {
        for id in 0..THREADS {
            let (start, wrong) = (&start, wrong.clone());
            scope.spawn(move || {
                start.wait();
                for round in 0..ROUNDS {
                    let calls = u64::from(id * 7 + round);
                    C.add(1, (&id, ()));
                    let seen = capture(|| {
                        for _ in 0..calls {
                            C.add(1, (&id, ()));
                            H.record(1.0);
                        }
                    });
                    H.record(1.0);
                    let counted = seen.counter("apart.c").with("id", id).value();
                    if [
                        counted,
                        seen.counter("apart.c").value(),
                        seen.histogram("apart.h").count(),
                    ] != [calls; 3]
                    {
                        wrong.send(format!("{id}, {round}: {seen:?}")).unwrap();
                    }
                }
            });
        }
    });
    drop(wrong);
    assert_eq!(all.into_iter().collect::<Vec<_>>(), Vec::<String>::new());
}
