//! Calls that are recorded when they end, however they end.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use super::outcome::Outcome;

/// Records the end of a call or of a future that does not return.
pub trait Leave<S>: Fn(S, Outcome) -> Told<<Self as Leave<S>>::Returned> {
    /// The type of the value that it returns otherwise.
    type Returned;
}

impl<S, R, L: Fn(S, Outcome) -> Told<R>> Leave<S> for L {
    type Returned = R;
}

/// Carries the type that a call returns. The type of a closure that returns `Told<R>` determines
/// `R`, and yet the closure outlives any lifetime, whatever `R` is.
pub struct Told<R>(PhantomData<fn() -> R>);

impl<R> Told<R> {
    #[expect(clippy::new_without_default, reason = "named by expansions only")]
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// How far a call or a future is.
pub(super) enum Stage<B, S> {
    /// `B` begins it.
    NotBegun(B),
    /// `S` is kept until it ends.
    Running(S),
    Over,
}

impl<B, S> Stage<B, S> {
    #[inline]
    pub(super) fn begin(&mut self)
    where
        B: FnOnce() -> S,
    {
        if let Self::NotBegun(_) = self
            && let Self::NotBegun(begin) = core::mem::replace(self, Self::Over)
        {
            *self = Self::Running(begin());
        }
    }

    /// The state, if it is running. Then it is over.
    #[inline]
    pub(super) fn end(&mut self) -> Option<S> {
        if let Self::Running(_) = self
            && let Self::Running(state) = core::mem::replace(self, Self::Over)
        {
            return Some(state);
        }
        None
    }
}

/// Records a panic when it is dropped, unless the stage is over.
///
/// The compiler builds all of this again for each annotated function. Therefore it has few parts,
/// and annotated functions share the parts that do not depend on `L`.
pub(super) struct OnPanic<'a, B, S, L: Leave<S>> {
    pub(super) stage: &'a mut Stage<B, S>,
    pub(super) leave: &'a L,
}

impl<B, S, L: Leave<S>> Drop for OnPanic<'_, B, S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.stage.end() {
            (self.leave)(state, Outcome::Panic);
        }
    }
}

/// The end of a call that returned, while expressions of the user are evaluated for it. If one of them
/// panics, the call ends like one that panics.
pub struct Ending<'a, S, L: Leave<S>> {
    leave: &'a L,
    state: Option<S>,
}

impl<'a, S, L: Leave<S>> Ending<'a, S, L> {
    #[inline]
    pub const fn new(leave: &'a L, state: S) -> Self {
        Self {
            leave,
            state: Some(state),
        }
    }

    /// The state, which is there: no expression panicked.
    #[inline]
    pub fn end(mut self) -> Option<S> {
        self.state.take()
    }
}

impl<S, L: Leave<S>> Drop for Ending<'_, S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            (self.leave)(state, Outcome::Panic);
        }
    }
}

/// Runs `body`. At its end, calls `tell` with the value that it returned, or `leave` if it panics.
///
/// The compiler infers the types of the closures' parameters from `body`, which is therefore first.
#[inline]
pub fn run<R, S, L: Fn(S, Outcome) -> Told<R>>(
    body: impl FnOnce() -> R,
    state: S,
    leave: L,
    tell: impl Fn(&L, S, &R),
) -> R {
    let guard = Guard::new(state, leave, Outcome::Panic);
    let returned = body();
    guard.tell(&returned, tell);
    returned
}

/// A guard for a call whose body has to stay where it is. If it does not receive the returned
/// value, the call panicked if a panic began while the guard lived.
pub struct Guard<R, S, L: Fn(S, Outcome) -> Told<R>> {
    state: Option<S>,
    leave: L,
    unless_told: Outcome,
    panicking: bool,
    returned: PhantomData<fn(&R)>,
}

impl<R, S, L: Fn(S, Outcome) -> Told<R>> Guard<R, S, L> {
    /// The call ends in `unless_told` if [`Self::tell`] is not called.
    #[inline]
    pub fn new(state: S, leave: L, unless_told: Outcome) -> Self {
        Self {
            state: Some(state),
            leave,
            unless_told,
            panicking: unless_told != Outcome::Panic && std::thread::panicking(),
            returned: PhantomData,
        }
    }

    /// Ends a call that returned.
    #[inline]
    pub fn tell(self, returned: &R, tell: impl Fn(&L, S, &R)) {
        // Nothing is left to drop. If the compiler had to keep the guard for that, it would have it on
        // the stack a second time.
        let mut this = ManuallyDrop::new(self);
        if let Some(state) = this.state.take() {
            tell(&this.leave, state, returned);
        }
    }
}

impl<R, S, L: Fn(S, Outcome) -> Told<R>> Drop for Guard<R, S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            let outcome = match self.unless_told {
                Outcome::Panic => Outcome::Panic,
                other if self.panicking || !std::thread::panicking() => other,
                _ => Outcome::Panic,
            };
            (self.leave)(state, outcome);
        }
    }
}
