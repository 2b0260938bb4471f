//! What is done when a call begins and when it ends, however it ends.

use core::marker::PhantomData;

use super::outcome::Outcome;

/// How a call ended, and what it returned.
pub enum Ended<'a, R> {
    Returned(&'a R),
    /// By `?`.
    Failed,
    Panicked,
}

impl<R> Ended<'_, R> {
    /// The outcome of a call that did not return; of one that did, `Ok`.
    #[inline]
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Returned(_) => Outcome::Ok,
            Self::Failed => Outcome::Err,
            Self::Panicked => Outcome::Panic,
        }
    }
}

/// Calls `leave` when it goes, unless the state was taken: then a panic goes through the call.
///
/// All here is made anew for each function, so it has few parts: those that do not know `leave` are
/// shared.
struct OnPanic<S, R, L: Fn(S, Ended<'_, R>)> {
    state: Option<S>,
    leave: L,
    returned: PhantomData<fn(&R)>,
}

impl<S, R, L: Fn(S, Ended<'_, R>)> Drop for OnPanic<S, R, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            (self.leave)(state, Ended::Panicked);
        }
    }
}

/// Runs `body`, and `leave` with `state` at its end.
///
/// In this order, since the compiler learns from the body what `leave` is given.
#[inline]
pub fn run<R, S>(body: impl FnOnce() -> R, state: S, leave: impl Fn(S, Ended<'_, R>)) -> R {
    let mut on_panic = OnPanic {
        state: Some(state),
        leave,
        returned: PhantomData,
    };
    let returned = body();
    if let Some(state) = on_panic.state.take() {
        (on_panic.leave)(state, Ended::Returned(&returned));
    }
    returned
}

/// A guard for a call whose value does not tell its outcome: it ended well if no panic began
/// meanwhile.
pub struct Guard<S, L: Fn(S, Ended<'_, ()>)> {
    state: Option<S>,
    leave: L,
    panicking: bool,
}

impl<S, L: Fn(S, Ended<'_, ()>)> Guard<S, L> {
    #[inline]
    pub fn new(state: S, leave: L) -> Self {
        Self {
            state: Some(state),
            leave,
            panicking: std::thread::panicking(),
        }
    }
}

impl<S, L: Fn(S, Ended<'_, ()>)> Drop for Guard<S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            let ended = if self.panicking || !std::thread::panicking() {
                Ended::Returned(&())
            } else {
                Ended::Panicked
            };
            (self.leave)(state, ended);
        }
    }
}

/// A guard for a call that says what it returned, unless it was left by `?`.
pub struct TellingGuard<R, S, L: Fn(S, Ended<'_, R>)> {
    state: Option<S>,
    leave: L,
    panicking: bool,
    returned: PhantomData<fn(&R)>,
}

impl<R, S, L: Fn(S, Ended<'_, R>)> TellingGuard<R, S, L> {
    #[inline]
    pub fn new(state: S, leave: L) -> Self {
        Self {
            state: Some(state),
            leave,
            panicking: std::thread::panicking(),
            returned: PhantomData,
        }
    }

    /// Ends the call.
    #[inline]
    pub fn tell(mut self, returned: &R) {
        if let Some(state) = self.state.take() {
            (self.leave)(state, Ended::Returned(returned));
        }
    }
}

impl<R, S, L: Fn(S, Ended<'_, R>)> Drop for TellingGuard<R, S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            let ended = if self.panicking || !std::thread::panicking() {
                Ended::Failed
            } else {
                Ended::Panicked
            };
            (self.leave)(state, ended);
        }
    }
}
