//! Futures that are measured while they run.

use core::convert::Infallible;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::outcome::Outcome;

pin_project! {
    /// A future that is measured from its first poll until it is done or dropped.
    ///
    /// What the future returns is no part of the type: whoever puts this in a box for some lifetime
    /// need not say that such a value lives that long.
    pub struct Measured<F, B, S, L, T>
    where
        L: Leave<S>,
    {
        // First, so that what the future has is dropped before the measurement ends.
        #[pin]
        future: F,
        stage: Stage<B, S, L>,
        tell: T,
    }
}

/// What is done at the end of a future that does not return.
pub trait Leave<S> {
    /// What it returns otherwise.
    type Returned;

    fn leave(&self, state: S, outcome: Outcome);
}

/// Says what a future returns. Closures alone can say that and yet live for ever.
pub struct Told<R>(PhantomData<fn() -> R>);

impl<R> Told<R> {
    #[expect(clippy::new_without_default, reason = "named by expansions only")]
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<S, R, L: Fn(S, Outcome) -> Told<R>> Leave<S> for L {
    type Returned = R;

    #[inline]
    fn leave(&self, state: S, outcome: Outcome) {
        self(state, outcome);
    }
}

impl<F, B, S, L: Leave<S>, T> Measured<F, B, S, L, T> {
    #[inline]
    pub(super) const fn new(future: F, begin: B, leave: L, tell: T) -> Self {
        Self {
            future,
            stage: Stage {
                at: At::NotPolled(begin),
                leave,
            },
            tell,
        }
    }
}

/// How far a future is. If it goes while running, it was cancelled.
struct Stage<B, S, L>
where
    L: Leave<S>,
{
    at: At<B, S>,
    leave: L,
}

enum At<B, S> {
    NotPolled(B),
    Running(S),
    Over,
}

/// `future`, with `begin` called at its first poll, and at its end `tell`, or `leave` if it does not
/// return.
#[inline]
pub fn measured<F, B, S, L, T>(future: F, begin: B, leave: L, tell: T) -> Measured<F, B, S, L, T>
where
    F: Future,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<F::Output>,
    T: Fn(&L, S, &F::Output),
{
    Measured {
        future,
        stage: Stage {
            at: At::NotPolled(begin),
            leave,
        },
        tell,
    }
}

/// The same of what should be a future that returns `R`: whoever uses it so is told if not.
///
/// Written out again, since one that calls the other is one more function to build for each call.
#[inline]
pub fn measured_as<R, F, B, S, L, T>(
    future: F,
    begin: B,
    leave: L,
    tell: T,
) -> Measured<F, B, S, L, T>
where
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<R>,
    T: Fn(&L, S, &R),
{
    Measured {
        future,
        stage: Stage {
            at: At::NotPolled(begin),
            leave,
        },
        tell,
    }
}

/// `future`, of which the compiler learns that it returns nothing ever.
#[inline]
pub const fn diverging<F: Future<Output = Infallible>>(future: F) -> F {
    future
}

impl<B, S, L> Stage<B, S, L>
where
    L: Leave<S>,
{
    #[inline]
    fn begin(&mut self)
    where
        B: FnOnce() -> S,
    {
        if let At::NotPolled(_) = self.at
            && let At::NotPolled(begin) = core::mem::replace(&mut self.at, At::Over)
        {
            self.at = At::Running(begin());
        }
    }

    /// What is kept while it runs, once.
    #[inline]
    fn end(&mut self) -> Option<S> {
        if let At::Running(_) = self.at
            && let At::Running(state) = core::mem::replace(&mut self.at, At::Over)
        {
            return Some(state);
        }
        None
    }

    #[inline]
    fn leave(&mut self, outcome: Outcome) {
        if let Some(state) = self.end() {
            self.leave.leave(state, outcome);
        }
    }
}

impl<B, S, L> Drop for Stage<B, S, L>
where
    L: Leave<S>,
{
    #[inline]
    fn drop(&mut self) {
        self.leave(Outcome::Cancelled);
    }
}

/// Goes while a poll is under way only if that panics.
struct OnPanic<'a, B, S, L>
where
    L: Leave<S>,
{
    stage: &'a mut Stage<B, S, L>,
    polling: bool,
}

impl<B, S, L> Drop for OnPanic<'_, B, S, L>
where
    L: Leave<S>,
{
    #[inline]
    fn drop(&mut self) {
        if self.polling {
            self.stage.leave(Outcome::Panic);
        }
    }
}

impl<F, B, S, L, T> Future for Measured<F, B, S, L, T>
where
    F: Future<Output = L::Returned>,
    B: FnOnce() -> S,
    L: Leave<S>,
    T: Fn(&L, S, &L::Returned),
{
    type Output = L::Returned;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<L::Returned> {
        let this = self.project();
        this.stage.begin();
        let mut on_panic = OnPanic {
            stage: this.stage,
            polling: true,
        };
        let polled = this.future.poll(context);
        on_panic.polling = false;
        if let Poll::Ready(returned) = &polled
            && let Some(state) = on_panic.stage.end()
        {
            (this.tell)(&on_panic.stage.leave, state, returned);
        }
        polled
    }
}
