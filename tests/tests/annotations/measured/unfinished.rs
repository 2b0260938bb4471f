//! Calls that do not return: cancelled, panicking, in destructors while another panic goes on.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use dt_metrics::testing::{Captured, capture};
use dt_metrics::{counted, measured, recorded, timed};

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
fn a_call_of_a_destructor_during_a_panic_is_not_a_panic() {
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

#[counted(name = "cleanups", outcome)]
fn clean_up(panics: bool) {
    let text = format!("panics: {panics}");
    if text.ends_with("true") {
        panic_any(());
    }
}

#[counted(name = "cleanups", outcome)]
fn clean_up_number(panics: bool) -> u32 {
    if panics { panic_any(()) } else { 1 }
}

#[counted(name = "cleanups", outcome)]
fn clean_up_result(panics: bool) -> Result<u32, ()> {
    if panics {
        panic_any(());
    }
    Ok(1)
}

#[counted(name = "cleanups", outcome)]
#[track_caller]
fn clean_up_tracked(panics: bool) -> Result<u32, ()> {
    if panics {
        panic_any(());
    }
    Ok(1)
}

#[counted(name = "cleanups", outcome)]
async fn clean_up_later(panics: bool) -> u32 {
    clean_up_number(panics)
}

#[test]
fn a_panic_of_a_destructor_is_a_panic_while_another_goes_on() {
    let calls: [fn(bool); 5] = [
        clean_up,
        |panics| assert_eq!(clean_up_number(panics), 1),
        |panics| assert_eq!(clean_up_result(panics), Ok(1)),
        |panics| assert_eq!(clean_up_tracked(panics), Ok(1)),
        |panics| {
            let mut future = pin!(clean_up_later(panics));
            let mut context = Context::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut context).is_ready());
        },
    ];
    for (panics, outcome) in [(true, "panic"), (false, "ok")] {
        for (kind, call) in calls.into_iter().enumerate() {
            let seen = capture(|| {
                caught(|| {
                    let _finally = Finally(|| {
                        let result = catch_unwind(|| call(panics));
                        assert_eq!(result.is_err(), panics);
                    });
                    panic_any(());
                });
            });
            let cleanups = || seen.counter("cleanups");
            // The function that is called later calls another one.
            let expected = if kind == 4 { 2 } else { 1 };
            assert_eq!(
                cleanups().with("outcome", outcome).value(),
                expected,
                "{kind}: {seen:?}"
            );
            assert_eq!(cleanups().value(), expected, "{kind}: {seen:?}");
        }
    }
}

/// Panics for numbers above three.
fn checked(number: u32) -> u32 {
    assert!(number <= 3);
    number
}

#[counted(name = "told", outcome, ret_dims(number = checked(*ret)))]
#[timed(name = "told.time", ret_dims(number = checked(*ret)))]
fn told(number: u32) -> u32 {
    number
}

#[counted(name = "told", outcome, ret_dims(number = checked(*ret)))]
async fn told_later(number: u32) -> u32 {
    number
}

#[measured(name = "told.all", ret_dims(number = checked(*ret)))]
fn told_in_flight(number: u32) -> u32 {
    number
}

#[recorded(name = "told.values", value = checked(*ret), unit = "1")]
fn told_value(number: u32) -> u32 {
    number
}

#[test]
fn a_panic_in_an_expression_about_the_returned_value_is_one_of_the_call() {
    let seen = capture(|| {
        assert_eq!(told(3), 3);
        caught(|| assert_eq!(told(4), 4));
        caught(|| poll(told_later(5)));
        caught(|| assert_eq!(told_in_flight(6), 6));
        caught(|| assert_eq!(told_value(7), 7));
    });
    let told = || seen.counter("told");
    assert_eq!(told().value(), 3, "{seen:?}");
    assert_eq!(told().with("outcome", "panic").value(), 2, "{seen:?}");
    let returned = told().with("number", 3);
    assert_eq!(returned.with("outcome", "ok").value(), 1, "{seen:?}");
    assert_eq!(seen.histogram("told.time").count(), 2, "{seen:?}");
    let all = seen.counter("told.all.calls");
    assert_eq!(all.with("outcome", "panic").value(), 1, "{seen:?}");
    assert_eq!(
        seen.up_down_counter("told.all.in_flight").value(),
        0,
        "{seen:?}"
    );
    // A value that was not evaluated is not recorded.
    assert_eq!(seen.histogram("told.values").count(), 0, "{seen:?}");
}
