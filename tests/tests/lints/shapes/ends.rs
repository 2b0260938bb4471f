//! How calls end, and the records of each end.

use core::any::Any;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::panic::{catch_unwind, resume_unwind};

use dt_metrics::testing::{Captured, capture};

/// The metrics of an annotation.
#[derive(Debug)]
pub(super) struct Records {
    /// With these.
    pub(super) instruments: &'static [Instrument],
    /// Whether the first two have a dimension for how a call ended.
    pub(super) outcome: bool,
}

/// An instrument that annotations name after the function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Instrument {
    /// A counter.
    Calls,
    /// A histogram.
    Duration,
    /// An up-down counter.
    InFlight,
}

impl Instrument {
    /// The number of records with this outcome, or of all records if there is no outcome.
    fn count(self, seen: &Captured, function: &str, end: Option<&str>) -> u64 {
        match self {
            Self::Calls => {
                let counter = seen.counter(&format!("{function}.calls"));
                end.map_or_else(
                    || counter.clone(),
                    |end| counter.clone().with("outcome", end),
                )
                .value()
            }
            Self::Duration => {
                let histogram = seen.histogram(&format!("{function}.duration"));
                end.map_or_else(
                    || histogram.clone(),
                    |end| histogram.clone().with("outcome", end),
                )
                .count()
            }
            Self::InFlight => 0,
        }
    }
}

impl Records {
    /// Asserts that the calls that `run` makes of `function` of `module` end with the outcomes
    /// `ends`.
    pub(super) fn check(&self, module: &str, function: &str, ends: &[&str], run: impl FnOnce()) {
        let function = format!("{}.{function}", module.replace("::", "."));
        let seen = capture(run);
        for instrument in self.instruments {
            if *instrument == Instrument::InFlight {
                let in_flight = seen.up_down_counter(&format!("{function}.in_flight"));
                assert_eq!(in_flight.value(), 0, "{function}: {seen:?}");
                // Only the list of all series shows that the gauge also rose.
                let grew = format!("{seen:?}").contains(&format!("{function}.in_flight"));
                assert_eq!(grew, !ends.is_empty(), "{function}: {seen:?}");
                continue;
            }
            let count = |end| instrument.count(&seen, &function, end);
            assert_eq!(
                count(None),
                count_of(ends, |_| true),
                "{function} {instrument:?}: {seen:?}"
            );
            if self.outcome {
                for end in ["ok", "err", "panic", "cancelled"] {
                    let expected = count_of(ends, |expected| expected == end);
                    assert_eq!(count(Some(end)), expected, "{function} {end}: {seen:?}");
                }
            }
        }
    }
}

/// The value of a future that is ready at once.
pub(super) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => resume_unwind(Box::new("pending")),
    }
}

/// Polls a future once and drops it.
pub(super) fn cancel(future: impl Future) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "it is done");
}

/// Catches a panic.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Box<dyn Any + Send> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(_) => resume_unwind(Box::new("no panic")),
        Err(panic) => panic,
    }
}

/// How many ends there are of that kind.
fn count_of(ends: &[&str], is_meant: impl Fn(&str) -> bool) -> u64 {
    ends.iter().map(|end| u64::from(is_meant(end))).sum()
}
