//! Streams that are measured while they run.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::call::{EnteredOf, Holds, Measurement, OnPanic, Records};
use super::outcome::Outcome;

pin_project! {
    /// A stream that is measured from its first poll until it ends or is dropped.
    ///
    /// As for futures, the items are not a part of this type.
    pub struct MeasuredStream<F, D, J>
    where
        D: Holds<F>,
    {
        // The first field, so that everything in the stream is dropped before the measurement ends.
        #[pin]
        stream: F,
        measurement: StreamMeasurement<D::Records>,
        judge: J,
    }
}

/// The measurement of a stream. If it is dropped while the stream runs, that was cancelled, unless the
/// consumer left because of an error.
struct StreamMeasurement<A: Records> {
    measurement: Measurement<A>,
    /// Whether an item was an error.
    failed: bool,
}

impl<A: Records> StreamMeasurement<A> {
    /// Ends it in `outcome`, unless an item was an error.
    #[inline]
    fn end(&mut self, outcome: Outcome) {
        let failed = self.failed;
        let outcome = if failed { Outcome::Err } else { outcome };
        self.measurement.end(outcome);
    }
}

impl<A: Records> Drop for StreamMeasurement<A> {
    #[inline]
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}

/// Decides which items are errors.
pub trait Judge<I> {
    /// Whether `item` is an error.
    fn is_err(&self, item: &I) -> bool;
}

/// For items with no error inside.
#[derive(Clone, Copy)]
pub struct Items;

impl<I> Judge<I> for Items {
    #[inline]
    fn is_err(&self, _: &I) -> bool {
        false
    }
}

/// Items that are errors by `judge`, or fulfil `condition`.
pub struct JudgedBy<J, C> {
    judge: J,
    condition: C,
}

/// Judges the items of a stream by `condition` besides `judge`.
#[inline]
pub const fn judged_by<I, J: Judge<I>, C: Fn(&I) -> bool>(
    _: &Returns<I>,
    judge: J,
    condition: C,
) -> JudgedBy<J, C> {
    JudgedBy { judge, condition }
}

/// [`judged_by`] with a condition that captures nothing, and takes `copied` parameters of the function: the type
/// has no closure.
#[inline]
pub const fn judged_by_pointer<I, J: Judge<I>, P: Copy>(
    _: &Returns<I>,
    judge: J,
    copied: P,
    condition: fn(P, &I) -> bool,
) -> JudgedByPointer<J, P, I> {
    JudgedByPointer {
        judge,
        copied,
        condition,
    }
}

/// Items that are errors by `judge`, or fulfil `condition` with the parameters that were `copied`.
pub struct JudgedByPointer<J, P, I> {
    judge: J,
    copied: P,
    condition: fn(P, &I) -> bool,
}

impl<J: Judge<I>, P: Copy, I> Judge<I> for JudgedByPointer<J, P, I> {
    #[inline]
    fn is_err(&self, item: &I) -> bool {
        // The condition counts nothing, so it need not see items that are errors anyway.
        self.judge.is_err(item) || (self.condition)(self.copied, item)
    }
}

impl<I, J: Judge<I>, C: Fn(&I) -> bool> Judge<I> for JudgedBy<J, C> {
    #[inline]
    fn is_err(&self, item: &I) -> bool {
        // The condition counts nothing, so it need not see items that are errors anyway.
        self.judge.is_err(item) || (self.condition)(item)
    }
}

/// The type of the value of a call, or of the items of its stream. The compiler takes the first
/// method that fits: one for a `Result` under any name, or, by `Deref`, one for all other types.
pub struct Returns<R>(AnyItems, PhantomData<fn() -> R>);

/// Items of any type.
pub struct AnyItems;

impl<R> Returns<R> {
    #[expect(clippy::new_without_default, reason = "named by expansions only")]
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(AnyItems, PhantomData)
    }

    /// The type is that of the parameter.
    #[inline]
    #[must_use]
    pub const fn of(_: fn(&R)) -> Self {
        Self::new()
    }
}

impl<R> Deref for Returns<R> {
    type Target = AnyItems;

    #[inline]
    fn deref(&self) -> &AnyItems {
        &self.0
    }
}

impl<T, E> Returns<Result<T, E>> {
    /// The outcome of a call that `?` ends.
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome_of_question_mark(&self) -> Outcome {
        Outcome::Err
    }
}

impl<T, E> Returns<Poll<Result<T, E>>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome_of_question_mark(&self) -> Outcome {
        Outcome::Err
    }
}

impl<T, E> Returns<Poll<Option<Result<T, E>>>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome_of_question_mark(&self) -> Outcome {
        Outcome::Err
    }
}

impl AnyItems {
    /// For other types, as for `Option`, it is not an error.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome_of_question_mark(&self) -> Outcome {
        Outcome::Ok
    }
}

impl<F, D: Holds<F>, J> MeasuredStream<F, D, J> {
    /// `stream`, which keeps `entered` until its first poll. If it is not a stream, the compiler reports that
    /// where the result is used as one.
    #[inline]
    pub(super) const fn new(
        stream: F,
        entered: EnteredOf<F, D>,
        records: D::Records,
        judge: J,
    ) -> Self {
        Self {
            stream,
            measurement: StreamMeasurement {
                measurement: Measurement::new(entered, records),
                failed: false,
            },
            judge,
        }
    }
}

impl<F, D, J> Stream for MeasuredStream<F, D, J>
where
    F: Stream,
    D: Holds<F>,
    J: Judge<F::Item>,
{
    type Item = F::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Item>> {
        let this = self.project();
        let StreamMeasurement {
            measurement,
            failed,
        } = &mut *this.measurement;
        let on_panic = OnPanic(measurement);
        on_panic.0.begin();
        let polled = this.stream.poll_next(context);
        if let Poll::Ready(Some(item)) = &polled {
            *failed |= this.judge.is_err(item);
        }
        // The poll did not panic, but the stream may still be running.
        core::mem::forget(on_panic);
        if let Poll::Ready(None) = &polled {
            this.measurement.end(Outcome::Ok);
        }
        polled
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<F, D, J> FusedStream for MeasuredStream<F, D, J>
where
    F: FusedStream,
    D: Holds<F>,
    J: Judge<F::Item>,
{
    #[inline]
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

impl<F: fmt::Debug, D: Holds<F>, J> fmt::Debug for MeasuredStream<F, D, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
