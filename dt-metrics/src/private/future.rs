//! Futures that are measured while they run.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::call::{
    Closure, EnteredOf, Event, Holds, Keeps, Measurement, OnPanic, Pointer, Record, ReturnedTo,
    Stage, Told, told,
};
use super::handed::{self, Handed, Slot};

pin_project! {
    /// A future that is measured from its first poll until it is done or dropped.
    ///
    /// The value of the future is not a part of this type. A box for some lifetime can therefore
    /// hold it even if the value is not known to live that long.
    pub struct Measured<F, D>
    where
        D: Holds<F>,
    {
        // The first field, so that everything in the future is dropped before the measurement ends.
        #[pin]
        future: F,
        measurement: Measurement<D::Records>,
    }
}

impl<F, D: Holds<F>> Measured<F, D> {
    /// `future`, which keeps `entered` until its first poll. If `future` is not a future, the compiler
    /// reports that where the result is used as one.
    #[inline]
    pub(super) const fn new(future: F, entered: EnteredOf<F, D>, records: D::Records) -> Self {
        Self {
            future,
            measurement: Measurement::new(entered, records),
        }
    }
}

/// `future`, measured. It keeps `entered` until its first poll. `record` sees each event of the call.
///
/// The type has no closure, which would have all generic parameters of the function: it names the
/// future once, however deep such futures are nested.
#[inline]
pub const fn measured<F: Future, E, S>(
    future: F,
    entered: E,
    record: fn(&mut Stage<E, S>, Event<'_, F::Output>),
) -> Measured<F, Keeps<E, S>> {
    Measured::new(future, entered, Pointer(record))
}

/// [`measured`] with a closure that captures parameters of the function.
#[expect(clippy::type_complexity, reason = "the type of a closure has no name")]
#[inline]
pub fn measured_capturing<F, E, S, A>(
    future: F,
    entered: E,
    record: A,
) -> Measured<F, impl Fn() -> Told<Closure<A, E, S, F::Output>> + 'static>
where
    F: Future,
    A: Fn(&mut Stage<E, S>, Event<'_, F::Output>),
{
    with(future, entered, Closure::new(record), told())
}

pin_project! {
    /// A future that is measured from its first poll until it is done or dropped. At that poll, it hands over
    /// values of the type `I`, which its measurement keeps in addition to an `O`.
    pub struct MeasuredHanding<F, O, I, S>
    where
        F: Future,
    {
        // The first field, so that everything in the future is dropped before the measurement ends.
        #[pin]
        future: F,
        known: O,
        measurement: Measurement<Pointer<(O, I), S, F::Output>>,
    }
}

/// `future`, measured, which [hands over](handed::hand) the values that its measurement keeps besides those
/// that are `known`.
#[inline]
pub const fn measured_handing<F: Future, O: Copy, I, S>(
    future: F,
    known: O,
    _: Slot<I>,
    record: Record<(O, I), S, F::Output>,
) -> MeasuredHanding<F, O, I, S> {
    MeasuredHanding {
        future,
        known,
        measurement: Measurement::not_entered(Pointer(record)),
    }
}

impl<F: Future, O: Copy, I: Handed, S> Future for MeasuredHanding<F, O, I, S> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if !this.measurement.is_entered() {
            // Evaluates the values. They may have to be awaited, and then nothing is handed over yet.
            if let Poll::Ready(returned) = this.future.as_mut().poll(context) {
                return Poll::Ready(returned);
            }
            let Some(values) = handed::take() else {
                return Poll::Pending;
            };
            this.measurement.enter((*this.known, values));
        }
        let on_panic = OnPanic(this.measurement);
        let polled = this.future.poll(context);
        if let Poll::Ready(returned) = &polled {
            on_panic.0.record(Event::Returns(returned));
        }
        // The poll did not panic, but the future may still be running.
        core::mem::forget(on_panic);
        polled
    }
}

/// `future`, measured. `D` stands for the type that makes the records.
#[inline]
pub(super) fn with<F, D: Holds<F>>(
    future: F,
    entered: EnteredOf<F, D>,
    records: D::Records,
    _: D,
) -> Measured<F, D> {
    Measured::new(future, entered, records)
}

/// `future`, which never returns: the compiler infers it from the type of the parameter.
#[inline]
pub const fn diverging<F: Future<Output = Infallible>>(future: F) -> F {
    future
}

impl<F, D> Future for Measured<F, D>
where
    D: Holds<F>,
    F: Future<Output = ReturnedTo<F, D>>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let on_panic = OnPanic(this.measurement);
        on_panic.0.begin();
        let polled = this.future.poll(context);
        if let Poll::Ready(returned) = &polled {
            on_panic.0.record(Event::Returns(returned));
        }
        // The poll did not panic, but the future may still be running.
        core::mem::forget(on_panic);
        polled
    }
}

impl<F, D> FusedFuture for Measured<F, D>
where
    D: Holds<F>,
    F: FusedFuture<Output = ReturnedTo<F, D>>,
{
    #[inline]
    fn is_terminated(&self) -> bool {
        self.future.is_terminated()
    }
}

impl<F: fmt::Debug, D: Holds<F>> fmt::Debug for Measured<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.future.fmt(f)
    }
}
