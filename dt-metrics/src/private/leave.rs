//! What is done when a call begins and when it ends, however it ends.

use core::marker::PhantomData;

use super::outcome::Outcome;

/// How a call ended, and what it returned.
pub enum Ended<'a, R> {
    Returned(&'a R),
    Panicked,
    Cancelled,
}

impl<R> Ended<'_, R> {
    /// The outcome of a call that did not return; of one that did, `Ok`.
    #[inline]
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Returned(_) => Outcome::Ok,
            Self::Panicked => Outcome::Panic,
            Self::Cancelled => Outcome::Cancelled,
        }
    }
}

/// Calls `leave` once: when told how the call ended, or else when it goes, for then a panic goes
/// through the call.
struct OnLeave<S, R, L: FnOnce(S, Ended<'_, R>)> {
    pending: Option<(S, L)>,
    returned: PhantomData<fn(&R)>,
}

impl<S, R, L: FnOnce(S, Ended<'_, R>)> OnLeave<S, R, L> {
    #[inline]
    fn end(&mut self, ended: Ended<'_, R>) {
        if let Some((state, leave)) = self.pending.take() {
            leave(state, ended);
        }
    }
}

impl<S, R, L: FnOnce(S, Ended<'_, R>)> Drop for OnLeave<S, R, L> {
    #[inline]
    fn drop(&mut self) {
        self.end(Ended::Panicked);
    }
}

/// Runs `body` between `begin`, whose value is kept meanwhile, and `leave`.
///
/// In this order, since the compiler learns from the body what `leave` is given.
#[inline]
pub fn run<R, S>(
    body: impl FnOnce() -> R,
    begin: impl FnOnce() -> S,
    leave: impl FnOnce(S, Ended<'_, R>),
) -> R {
    let mut on_leave = OnLeave {
        pending: Some((begin(), leave)),
        returned: PhantomData,
    };
    let returned = body();
    on_leave.end(Ended::Returned(&returned));
    returned
}

/// A guard for a call whose value does not tell its outcome: it ended well if no panic began
/// meanwhile.
pub struct Guard<S, L: FnOnce(S, Ended<'_, ()>)> {
    on_leave: OnLeave<S, (), L>,
    panicking: bool,
}

impl<S, L: FnOnce(S, Ended<'_, ()>)> Guard<S, L> {
    #[inline]
    pub fn new(begin: impl FnOnce() -> S, leave: L) -> Self {
        Self {
            on_leave: OnLeave {
                pending: Some((begin(), leave)),
                returned: PhantomData,
            },
            panicking: std::thread::panicking(),
        }
    }
}

impl<S, L: FnOnce(S, Ended<'_, ()>)> Drop for Guard<S, L> {
    #[inline]
    fn drop(&mut self) {
        if self.panicking || !std::thread::panicking() {
            self.on_leave.end(Ended::Returned(&()));
        }
    }
}
