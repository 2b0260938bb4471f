//! Calls that do not return: cancelled, panicking, in destructors while another panic goes on.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use dt_metrics::measured;
use dt_metrics::testing::{Captured, capture};

#[measured(name = "waits")]
async fn waits(panics: bool) -> Result<(), ()> {
    if panics {
        panic_any(());
    }
    pending().await
}

#[measured(name = "waits")]
fn waits_impl(panics: bool) -> impl Future<Output = Result<(), ()>> {
    async move {
        if panics {
            panic_any(());
        }
        pending().await
    }
}

type Boxed = Pin<Box<dyn Future<Output = Result<(), ()>>>>;

#[measured(name = "waits")]
fn waits_boxed(panics: bool) -> Boxed {
    Box::pin(async move {
        if panics {
            panic_any(());
        }
        pending().await
    })
}

#[measured(name = "waits")]
async fn waits_for_ever(panics: bool) -> ! {
    if panics {
        panic_any(());
    }
    pending().await
}

#[measured(name = "waits")]
fn panics() -> Result<(), ()> {
    panic_any(())
}

#[measured(name = "waits")]
fn panics_plainly() {
    panic_any(())
}

#[measured(name = "waits")]
fn panics_always() -> ! {
    panic_any(())
}

fn poll<F: Future>(future: F) {
    let mut future = pin!(future);
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
}

fn caught(f: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
}

fn assert_ends(seen: &Captured, end: &str, times: u64) {
    let calls = seen.counter("waits.calls");
    assert_eq!(calls.value(), times, "{seen:?}");
    assert_eq!(calls.with("outcome", end).value(), times, "{seen:?}");
    let durations = seen.histogram("waits.duration");
    assert_eq!(durations.with("outcome", end).count(), times, "{seen:?}");
    assert_eq!(
        seen.up_down_counter("waits.in_flight").value(),
        0,
        "{seen:?}"
    );
}

#[test]
fn futures_that_are_dropped_midway_are_cancelled() {
    let seen = capture(|| {
        for _ in 0..250 {
            poll(waits(false));
            poll(waits_impl(false));
            poll(waits_boxed(false));
            poll(waits_for_ever(false));
        }
    });
    assert_ends(&seen, "cancelled", 1_000);
}

#[test]
fn panics_are_panics_in_futures_and_functions() {
    let seen = capture(|| {
        for _ in 0..143 {
            caught(|| poll(waits(true)));
            caught(|| poll(waits_impl(true)));
            caught(|| poll(waits_boxed(true)));
            caught(|| poll(waits_for_ever(true)));
            caught(|| panics().unwrap());
            caught(panics_plainly);
            caught(|| panics_always());
        }
    });
    assert_ends(&seen, "panic", 143 * 7);
}

#[test]
fn calls_are_in_flight_while_they_are() {
    let seen = capture(|| {
        let mut futures: Vec<Boxed> = Vec::new();
        for _ in 0..10 {
            futures.push(Box::pin(waits(false)));
            futures.push(waits_boxed(false));
        }
        let now = capture(|| {
            for future in &mut futures {
                poll(future.as_mut());
            }
        });
        assert_eq!(now.up_down_counter("waits.in_flight").value(), 20);
        assert_eq!(now.counter("waits.calls").value(), 0);
    });
    assert_eq!(seen.up_down_counter("waits.in_flight").value(), 0);
}

/// Does something when it goes.
struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[measured(name = "works")]
fn works() -> Result<u32, ()> {
    Ok(1)
}

#[measured(name = "works")]
fn works_plainly() {}

#[measured(name = "works")]
async fn works_later() -> Result<u32, ()> {
    Ok(1)
}

#[test]
fn what_a_destructor_calls_while_a_panic_goes_on_is_no_panic() {
    let seen = capture(|| {
        let mut started = Box::pin(waits(false));
        poll(started.as_mut());
        let mut started = Some(started);
        caught(|| {
            let _finally = Finally(|| {
                assert_eq!(works(), Ok(1));
                works_plainly();
                let mut later = pin!(works_later());
                let polled = later.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(polled.is_ready());
                // Cancelled, though the thread panics.
                started = None;
            });
            panic_any(());
        });
    });
    let calls = seen.counter("works.calls");
    assert_eq!(calls.with("outcome", "ok").value(), 3, "{seen:?}");
    assert_ends(&seen, "cancelled", 1);
}
