//! Futures that are measured while they run.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::call::{Leave, OnPanic, Stage, Told};
use super::outcome::Outcome;

pin_project! {
    /// A future that is measured from its first poll until it is done or dropped.
    ///
    /// The value of the future is not a part of this type. A box for some lifetime can therefore
    /// hold it even if the value is not known to live that long.
    pub struct Measured<F, B, S, L, T>
    where
        L: Leave<S>,
    {
        // The first field, so that everything in the future is dropped before the measurement ends.
        #[pin]
        future: F,
        measurement: Measurement<B, S, L>,
        tell: T,
    }
}

impl<F, B, S, L: Leave<S>, T> Measured<F, B, S, L, T> {
    #[inline]
    pub(super) const fn new(future: F, begin: B, leave: L, tell: T) -> Self {
        Self {
            future,
            measurement: Measurement {
                stage: Stage::NotBegun(begin),
                leave,
            },
            tell,
        }
    }
}

/// The measurement of a future. If it is dropped while the future runs, that was cancelled.
struct Measurement<B, S, L: Leave<S>> {
    stage: Stage<B, S>,
    leave: L,
}

impl<B, S, L: Leave<S>> Drop for Measurement<B, S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.stage.end() {
            (self.leave)(state, Outcome::Cancelled);
        }
    }
}

/// `future`, measured. Its first poll calls `begin`. Its end calls `tell` with the value that it
/// returned, or `leave` if it panics or is dropped.
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
        measurement: Measurement {
            stage: Stage::NotBegun(begin),
            leave,
        },
        tell,
    }
}

/// [`measured`] for a `future` that is not known to return `R`, or to be a future at all. If it does
/// not, the compiler reports that where the result is used as such a future.
///
/// It does not call [`measured`], since that would be a further function to build for each call.
#[inline]
pub(super) fn measured_as<R, F, B, S, L, T>(
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
        measurement: Measurement {
            stage: Stage::NotBegun(begin),
            leave,
        },
        tell,
    }
}

/// `future`, which never returns: the compiler infers it from the type of the parameter.
#[inline]
pub const fn diverging<F: Future<Output = Infallible>>(future: F) -> F {
    future
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
        let Measurement { stage, leave } = this.measurement;
        stage.begin();
        let on_panic = OnPanic { stage, leave };
        let polled = this.future.poll(context);
        if let Poll::Ready(returned) = &polled
            && let Some(state) = on_panic.stage.end()
        {
            (this.tell)(leave, state, returned);
        }
        // The poll did not panic, but the future may still be running.
        core::mem::forget(on_panic);
        polled
    }
}

impl<F, B, S, L, T> FusedFuture for Measured<F, B, S, L, T>
where
    F: FusedFuture<Output = L::Returned>,
    B: FnOnce() -> S,
    L: Leave<S>,
    T: Fn(&L, S, &L::Returned),
{
    #[inline]
    fn is_terminated(&self) -> bool {
        self.future.is_terminated()
    }
}

impl<F: fmt::Debug, B, S, L: Leave<S>, T> fmt::Debug for Measured<F, B, S, L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.future.fmt(f)
    }
}
