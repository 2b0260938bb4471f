//! Futures that are measured while they run.

use core::convert::Infallible;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::leave::Ended;

pin_project! {
    /// A future that is measured from its first poll until it is done or dropped; it returns `R`.
    pub struct Measured<F, B, S, L, R>
    where
        L: Fn(S, Ended<'_, R>),
    {
        // First, so that what the future has is dropped before the measurement ends.
        #[pin]
        future: F,
        stage: Stage<B, S, L, R>,
    }
}

/// How far a future is. If it goes while running, it was cancelled.
struct Stage<B, S, L, R>
where
    L: Fn(S, Ended<'_, R>),
{
    at: At<B, S>,
    leave: L,
    returns: PhantomData<fn(&R)>,
}

enum At<B, S> {
    NotPolled(B),
    Running(S),
    Over,
}

/// `future`, with `begin` called at its first poll and `leave` at its end.
#[inline]
pub fn measured<F, B, S, L>(future: F, begin: B, leave: L) -> Measured<F, B, S, L, F::Output>
where
    F: Future,
    B: FnOnce() -> S,
    L: Fn(S, Ended<'_, F::Output>),
{
    Measured {
        future,
        stage: Stage {
            at: At::NotPolled(begin),
            leave,
            returns: PhantomData,
        },
    }
}

/// The same of what should be a future that returns `R`: whoever uses it so is told if not.
///
/// Written out again, since one that calls the other is one more function to build for each call.
#[inline]
pub fn measured_as<R, F, B, S, L>(future: F, begin: B, leave: L) -> Measured<F, B, S, L, R>
where
    B: FnOnce() -> S,
    L: Fn(S, Ended<'_, R>),
{
    Measured {
        future,
        stage: Stage {
            at: At::NotPolled(begin),
            leave,
            returns: PhantomData,
        },
    }
}

/// `future`, of which the compiler learns that it returns nothing ever.
#[inline]
pub const fn diverging<F: Future<Output = Infallible>>(future: F) -> F {
    future
}

impl<B, S, L, R> Stage<B, S, L, R>
where
    L: Fn(S, Ended<'_, R>),
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

    #[inline]
    fn end(&mut self, ended: Ended<'_, R>) {
        if let At::Running(_) = self.at
            && let At::Running(state) = core::mem::replace(&mut self.at, At::Over)
        {
            (self.leave)(state, ended);
        }
    }
}

impl<B, S, L, R> Drop for Stage<B, S, L, R>
where
    L: Fn(S, Ended<'_, R>),
{
    #[inline]
    fn drop(&mut self) {
        self.end(Ended::Cancelled);
    }
}

/// Goes while a poll is under way only if that panics.
struct OnPanic<'a, B, S, L, R>
where
    L: Fn(S, Ended<'_, R>),
{
    stage: &'a mut Stage<B, S, L, R>,
    polling: bool,
}

impl<B, S, L, R> Drop for OnPanic<'_, B, S, L, R>
where
    L: Fn(S, Ended<'_, R>),
{
    #[inline]
    fn drop(&mut self) {
        if self.polling {
            self.stage.end(Ended::Panicked);
        }
    }
}

impl<F, B, S, L, R> Future for Measured<F, B, S, L, R>
where
    F: Future<Output = R>,
    B: FnOnce() -> S,
    L: Fn(S, Ended<'_, R>),
{
    type Output = R;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        this.stage.begin();
        let mut on_panic = OnPanic {
            stage: this.stage,
            polling: true,
        };
        let polled = this.future.poll(context);
        on_panic.polling = false;
        if let Poll::Ready(returned) = &polled {
            on_panic.stage.end(Ended::Returned(returned));
        }
        polled
    }
}
