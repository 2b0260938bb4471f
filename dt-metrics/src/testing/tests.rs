use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, mpsc};
use std::thread;

use super::{Capture, Captured, capture, capture_async, capture_with};
use crate::descriptor::{Descriptor, Kind};
use crate::private::{
    Counter, DimensionedCounter, DimensionedGauge, DimensionedHistogram, DimensionedUpDownCounter,
    Gauge, Histogram, UpDownCounter, Value,
};

macro_rules! instrument {
    ($static:ident: $type:ident, $kind:ident, $name:literal, [$($key:literal),*], $values:expr) => {
        static $static: $type = {
            static DESCRIPTOR: Descriptor =
                Descriptor::new(Kind::$kind, $name, module_path!(), file!(), line!())
                    .with_dimension_keys(&[$($key),*])
                    .with_max_series(4);
            $type::new(&DESCRIPTOR, $values)
        };
    };
}

#[test]
fn all_kinds_are_seen_with_their_dimensions() {
    instrument!(C: Counter, Counter, "kinds.c", ["region"], &[Value::Str("eu")]);
    instrument!(DC: DimensionedCounter, Counter, "Kinds.C", ["region", "code"], &[None, None]);
    instrument!(U: UpDownCounter, UpDownCounter, "kinds.u", [], &[]);
    instrument!(DU: DimensionedUpDownCounter, UpDownCounter, "kinds.u", ["a"], &[None]);
    instrument!(H: Histogram, Histogram, "kinds.h", [], &[]);
    instrument!(DH: DimensionedHistogram, Histogram, "kinds.h", ["a"], &[None]);
    instrument!(G: Gauge, Gauge, "kinds.g", [], &[]);
    instrument!(DG: DimensionedGauge, Gauge, "kinds.g", ["a"], &[None]);
    C.add(100);
    H.record(100.0);
    let seen = capture(|| {
        C.add(2);
        DC.add(3, (&"eu", (&200_u16, ())));
        DC.add(4, (&"us", (&None::<u16>, ())));
        U.add(-5);
        DU.add(-6, (&true, ()));
        H.record(1.0);
        DH.record(3.0, (&"x", ()));
        H.record(2.0);
        H.record(f64::NAN);
        drop(H.start(1.0));
        drop(DH.start(1.0, (&"timed", ())));
        G.set(1.0);
        DG.set(2.0, (&0.5, ()));
        G.set(3.0);
        G.set(f64::INFINITY);
    });
    C.add(100);
    H.record(100.0);

    let counter = |key, value| seen.counter("KINDS.c").with(key, value).value();
    assert_eq!(seen.counter("kinds.c").value(), 9);
    assert_eq!((counter("region", "eu"), counter("Region", "us")), (5, 4));
    assert_eq!(counter("code", "200"), 3);
    let of_code = |code: Option<i64>| seen.counter("kinds.c").with("code", code).value();
    assert_eq!((of_code(Some(200)), of_code(None)), (3, 6));
    let both = seen
        .counter("kinds.c")
        .with("region", "eu")
        .with("code", 200);
    assert_eq!(both.value(), 3);
    assert_eq!(seen.up_down_counter("kinds.u").value(), -11);
    assert_eq!(seen.up_down_counter("kinds.u").with("a", true).value(), -6);
    let histogram = seen.histogram("kinds.h");
    assert_eq!(histogram.values()[..3], [1.0, 3.0, 2.0]);
    assert_eq!(histogram.count(), 5);
    assert_eq!(
        histogram.clone().with("a", "x").sum().to_bits(),
        3.0_f64.to_bits()
    );
    assert_eq!(histogram.clone().with("a", "timed").count(), 1);
    assert_eq!(histogram.with("a", None::<&str>).min(), {
        let timed = seen.histogram("kinds.h").with("a", None::<&str>).values()[2];
        Some(timed.min(1.0))
    });
    assert_eq!(seen.gauge("kinds.g").value(), Some(3.0));
    assert_eq!(seen.gauge("kinds.g").with("a", 0.5).value(), Some(2.0));
    assert_eq!(seen.gauge("kinds.g").values(), [1.0, 2.0, 3.0]);
}

#[test]
fn what_was_not_measured_is_nothing() {
    instrument!(OTHER: Counter, Counter, "nothing.other", [], &[]);
    let seen = capture(|| ());
    assert!(seen.is_empty());
    assert_eq!(format!("{seen:?}"), "Captured []");
    let seen = capture(|| OTHER.add(1));
    assert!(!seen.is_empty());
    // Another kind is another instrument.
    assert_eq!(seen.up_down_counter("nothing.other").value(), 0);
    assert_eq!(seen.counter("nothing").value(), 0);
    let histogram = seen.histogram("nothing");
    assert_eq!((histogram.count(), histogram.sum().to_bits()), (0, 0));
    assert_eq!((histogram.min(), histogram.max()), (None, None));
    assert_eq!(seen.gauge("nothing").value(), None);
}

#[test]
fn what_is_seen_can_be_read() {
    instrument!(A: DimensionedCounter, Counter, "read.a", ["x", "y"], &[None, None]);
    instrument!(B: Histogram, Histogram, "read.b", [], &[]);
    instrument!(C: UpDownCounter, UpDownCounter, "read.c", [], &[]);
    instrument!(D: Gauge, Gauge, "read.d", [], &[]);
    let seen = capture(|| {
        A.add(3, (&"quo\"te", (&7, ())));
        B.record(1.5);
        B.record(0.5);
        C.add(-2);
        D.set(4.25);
    });
    assert_eq!(
        format!("{seen:#?}"),
        r#"Captured [
    counter read.a{x="quo\"te", y="7"} = 3,
    histogram read.b{} = count 2, sum 2, min 0.5, max 1.5,
    up-down counter read.c{} = -2,
    gauge read.d{} = 4.25,
]"#
    );
    assert_eq!(
        format!("{:?}", seen.gauge("read.d")),
        "[gauge read.d{} = 4.25]"
    );
}

#[test]
fn captures_nest() {
    instrument!(C: Counter, Counter, "nested", [], &[]);
    let value = |seen: &Captured| seen.counter("nested").value();
    let (outer, (first, second)) = capture_with(|| {
        C.add(1);
        let first = capture(|| C.add(2));
        C.add(4);
        let second = capture(|| {
            C.add(8);
            assert_eq!(value(&capture(|| C.add(16))), 16);
        });
        C.add(32);
        (first, second)
    });
    C.add(64);
    assert_eq!((value(&first), value(&second), value(&outer)), (2, 24, 63));
}

#[test]
fn a_panic_ends_the_capture_and_goes_on() {
    instrument!(C: Counter, Counter, "panics", [], &[]);
    let outer = capture(|| {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            capture(|| {
                C.add(1);
                std::panic::resume_unwind(Box::new("told"));
            })
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"told"));
        C.add(2);
    });
    C.add(4);
    assert_eq!(outer.counter("panics").value(), 3);
    assert_eq!(capture(|| C.add(8)).counter("panics").value(), 8);
}

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
    assert_eq!(first.histogram("guards.h").count(), 0);
    let second = capture(|| {
        drop(entered);
        drop(timer);
        thread::spawn(|| drop(U.enter())).join().unwrap();
    });
    assert_eq!(second.up_down_counter("guards.u").value(), -1);
    assert_eq!(second.histogram("guards.h").with("a", "x").count(), 1);
}

#[test]
fn combinations_beyond_the_limit_are_told_apart() {
    instrument!(C: DimensionedCounter, Counter, "beyond.c", ["id"], &[None]);
    instrument!(U: DimensionedUpDownCounter, UpDownCounter, "beyond.u", ["id"], &[None]);
    instrument!(H: DimensionedHistogram, Histogram, "beyond.h", ["id"], &[None]);
    for id in 0..10 {
        C.add(1, (&id, ()));
    }
    let seen = capture(|| {
        for id in 0..10 {
            C.add(1, (&id, ()));
            C.add(1, (&id, ()));
            drop(U.enter((&id, ())));
            U.add(id, (&id, ()));
            drop(H.start(1.0, (&id, ())));
        }
    });
    for id in 0..10 {
        assert_eq!(seen.counter("beyond.c").with("id", id).value(), 2);
        assert_eq!(seen.up_down_counter("beyond.u").with("id", id).value(), id);
        assert_eq!(seen.histogram("beyond.h").with("id", id).count(), 1);
    }
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
fn what_is_seen_is_counted_all_the_same() {
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

/// A future that is pending once and counts each poll and its drop.
struct Polled(bool);

instrument!(POLLS: Counter, Counter, "polls", [], &[]);
instrument!(DROPS: Counter, Counter, "drops", [], &[]);

impl Future for Polled {
    type Output = ();

    fn poll(
        mut self: core::pin::Pin<&mut Self>,
        context: &mut core::task::Context<'_>,
    ) -> core::task::Poll<()> {
        POLLS.add(1);
        if core::mem::replace(&mut self.0, true) {
            return core::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        core::task::Poll::Pending
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        DROPS.add(1);
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn a_future_is_seen_while_it_is_polled_and_when_it_goes() {
    let seen = block_on(async {
        let other = async {
            for _ in 0..10 {
                POLLS.add(1_000);
                tokio::task::yield_now().await;
            }
        };
        let ((), seen) = tokio::join!(other, capture_async(Polled(false)));
        seen
    });
    assert_eq!(seen.counter("polls").value(), 2);
    assert_eq!(seen.counter("drops").value(), 1);
}

#[test]
fn a_future_that_is_dropped_midway_is_seen_by_the_captures_around() {
    let seen = block_on(capture_async(async {
        let running = Capture::current().run_async(Polled(false));
        thread::spawn(|| drop(running)).join().unwrap();
        let inner = capture_async(core::future::pending::<()>());
        let mut inner = Box::pin(inner);
        assert!(futures_poll_once(&mut inner).await);
        drop(inner);
        drop(capture_async(Polled(false)));
    }));
    assert_eq!(seen.counter("drops").value(), 2);
    assert_eq!(seen.counter("polls").value(), 0);
}

/// Whether the future is pending.
async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> bool {
    core::future::poll_fn(|context| {
        core::task::Poll::Ready(core::pin::Pin::new(&mut *future).poll(context).is_pending())
    })
    .await
}

#[test]
fn a_future_may_move_between_threads() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let mut capturing = Box::pin(is_send(capture_async(async {
        for _ in 0..8 {
            POLLS.add(1);
            tokio::task::yield_now().await;
        }
    })));
    let mut seen = None;
    while seen.is_none() {
        POLLS.add(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                let waker = core::task::Waker::noop();
                let mut context = core::task::Context::from_waker(waker);
                if let core::task::Poll::Ready(captured) = capturing.as_mut().poll(&mut context) {
                    seen = Some(captured);
                }
                // Seen by nobody.
                POLLS.add(1);
            });
        });
    }
    assert_eq!(seen.unwrap().counter("polls").value(), 8);
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
