//! Functions that return `impl Future` or `impl Stream`. The return value is measured to its end if
//! it is a future or a stream, and if its measured form still has all bounds that the function
//! promises. Otherwise the call is over when it returns.

use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;

use futures_core::stream::Stream;

use super::call::{Closure, Event, Holds, Pointer, Records, Stage, Told, run_until_return, told};
use super::future::Measured;
use super::outcome::Outcome;
use super::stream::{Judge, MeasuredStream, Returns};

/// A body that may return a future. The compiler takes the first method that fits: one for futures, or,
/// by `Deref`, one for all other types.
pub struct FutureBody<F>(Body<F>);

/// A body that may return a stream.
pub struct StreamBody<F>(Body<F>);

/// A body that returns `F`.
pub struct Body<F>(PhantomData<fn() -> F>);

impl<F> FutureBody<F> {
    #[inline]
    #[must_use]
    pub const fn of(_: &impl FnOnce() -> F) -> Self {
        Self(Body(PhantomData))
    }
}

impl<F> StreamBody<F> {
    #[inline]
    #[must_use]
    pub const fn of(_: &impl FnOnce() -> F) -> Self {
        Self(Body(PhantomData))
    }
}

impl<F> Deref for FutureBody<F> {
    type Target = Body<F>;

    #[inline]
    fn deref(&self) -> &Body<F> {
        &self.0
    }
}

impl<F> Deref for StreamBody<F> {
    type Target = Body<F>;

    #[inline]
    fn deref(&self) -> &Body<F> {
        &self.0
    }
}

impl<F: Future> FutureBody<F> {
    /// The type of the future's value.
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_returns(&self) -> Returns<F::Output> {
        Returns::new()
    }
}

impl<F: Stream> StreamBody<F> {
    /// The type of the stream's items.
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_returns(&self) -> Returns<F::Item> {
        Returns::new()
    }
}

impl<F> Body<F> {
    /// The type of the body's return value.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_returns(&self) -> Returns<F> {
        Returns::new()
    }
}

/// A call whose body returns `F`, which may be measured as `Measured` until it has returned `R`.
pub trait Call {
    type Returned;
    type Value;
    type Measured;
}

/// Types without values.
type Types<T> = PhantomData<fn() -> T>;

/// A call that may return a future; the type that `D` stands for makes its records.
pub struct FutureCall<R, F, C, A: Records, D> {
    body: C,
    entered: A::Entered,
    records: A,
    types: Types<(R, F, D)>,
}

/// A call that may return a stream.
pub struct StreamCall<R, F, C, A: Records, D, J> {
    call: FutureCall<R, F, C, A, D>,
    judge: J,
}

impl<R, F, C, A: Records, D: Holds<F, Records = A>> Call for FutureCall<R, F, C, A, D> {
    type Returned = F;
    type Value = R;
    type Measured = Measured<F, D>;
}

impl<R, F, C, A: Records, D: Holds<F, Records = A>, J> Call for StreamCall<R, F, C, A, D, J> {
    type Returned = F;
    type Value = R;
    type Measured = MeasuredStream<F, D, J>;
}

/// The records of a call that returns `R`. Its type does not depend on the body.
pub struct Recording<R, A: Records, D> {
    entered: A::Entered,
    records: A,
    types: Types<(R, D)>,
}

/// The records of a call, which keeps `entered` until its end. `record` sees each event of the call.
#[expect(clippy::type_complexity, reason = "the type of a closure has no name")]
#[inline]
pub fn recording<R, E, S>(
    _: Returns<R>,
    entered: E,
    record: fn(&mut Stage<E, S>, Event<'_, R>),
) -> Recording<R, Pointer<E, S, R>, impl Fn() -> Told<Pointer<E, S, R>> + 'static> {
    Recording::new(entered, Pointer(record), told())
}

/// [`recording`] by a closure that captures parameters of the function.
#[expect(clippy::type_complexity, reason = "the type of a closure has no name")]
#[inline]
pub fn recording_capturing<R, E, S, A>(
    _: Returns<R>,
    entered: E,
    record: A,
) -> Recording<R, Closure<A, E, S, R>, impl Fn() -> Told<Closure<A, E, S, R>> + 'static>
where
    A: Fn(&mut Stage<E, S>, Event<'_, R>),
{
    Recording::new(entered, Closure::new(record), told())
}

impl<R, A: Records, D> Recording<R, A, D> {
    #[inline]
    fn new(entered: A::Entered, records: A, _: D) -> Self {
        Self {
            entered,
            records,
            types: PhantomData,
        }
    }

    /// A call of `body`, which may return a future.
    #[inline]
    pub fn __dt_metrics_future<F, C: FnOnce() -> F>(self, body: C) -> FutureCall<R, F, C, A, D> {
        FutureCall {
            body,
            entered: self.entered,
            records: self.records,
            types: PhantomData,
        }
    }

    /// A call of `body`, which may return a stream. `judge` decides which items are errors.
    #[inline]
    pub fn __dt_metrics_stream<F, C: FnOnce() -> F, J>(
        self,
        body: C,
        judge: J,
    ) -> StreamCall<R, F, C, A, D, J> {
        StreamCall {
            call: self.__dt_metrics_future(body),
            judge,
        }
    }
}

/// Decides how far a call is measured. The compiler takes the first method that fits: one for an `M` with
/// all bounds that the function promises, or, by `Deref`, one for calls that are over when they return. The
/// expansion has the first one. `X` are the types in the bounds.
pub struct Promised<X, M, F, R>(PhantomData<X>, PhantomData<fn() -> M>, OverAtReturn<F, R>);

impl<X, M, F, R> Promised<X, M, F, R> {
    #[inline]
    #[must_use]
    pub const fn by<C>(_: &C) -> Self
    where
        C: Call<Measured = M, Returned = F, Value = R>,
    {
        Self(PhantomData, PhantomData, OverAtReturn(PhantomData, Unknown))
    }
}

impl<X, M, F, R> Deref for Promised<X, M, F, R> {
    type Target = OverAtReturn<F, R>;

    #[inline]
    fn deref(&self) -> &OverAtReturn<F, R> {
        &self.2
    }
}

/// A call that is over when it returns `F`. Whether that is also the value `R` of the call is decided as
/// for [`Promised`].
pub struct OverAtReturn<F, R>(PhantomData<fn() -> (F, R)>, Unknown);

/// A call of whose value nothing is known.
pub struct Unknown;

impl<F, R> Deref for OverAtReturn<F, R> {
    type Target = Unknown;

    #[inline]
    fn deref(&self) -> &Unknown {
        &self.1
    }
}

impl<T> OverAtReturn<T, T> {
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_extent(&self) -> UntilToldReturn {
        UntilToldReturn
    }
}

impl Unknown {
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_extent(&self) -> UntilReturn {
        UntilReturn
    }
}

/// The call ends when its future or stream does.
pub struct ToItsEnd;

/// The call ends when it returns its value.
pub struct UntilToldReturn;

/// The call ends when it returns.
pub struct UntilReturn;

/// Runs a call.
pub trait Extent<C> {
    /// The return type of the call.
    type Output;

    /// Runs `call`.
    fn __dt_metrics_run(self, call: C) -> Self::Output;
}

impl<R, F, C: FnOnce() -> F, A, D> Extent<FutureCall<R, F, C, A, D>> for ToItsEnd
where
    A: Records,
    D: Holds<F, Records = A>,
{
    type Output = Measured<F, D>;

    #[inline]
    fn __dt_metrics_run(self, call: FutureCall<R, F, C, A, D>) -> Self::Output {
        Measured::new((call.body)(), call.entered, call.records)
    }
}

impl<R, F, C: FnOnce() -> F, A, D, J> Extent<StreamCall<R, F, C, A, D, J>> for ToItsEnd
where
    A: Records,
    D: Holds<F, Records = A>,
    J: Judge<R>,
{
    type Output = MeasuredStream<F, D, J>;

    #[inline]
    fn __dt_metrics_run(self, stream: StreamCall<R, F, C, A, D, J>) -> Self::Output {
        let StreamCall { call, judge } = stream;
        MeasuredStream::new((call.body)(), call.entered, call.records, judge)
    }
}

impl<F, C: FnOnce() -> F, A, D> Extent<FutureCall<F, F, C, A, D>> for UntilToldReturn
where
    A: Records<Returned = F>,
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, call: FutureCall<F, F, C, A, D>) -> F {
        run_until_return(call.entered, call.records, call.body, |returned| {
            Event::Returns(returned)
        })
    }
}

impl<R, F, C: FnOnce() -> F, A, D> Extent<FutureCall<R, F, C, A, D>> for UntilReturn
where
    A: Records,
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, call: FutureCall<R, F, C, A, D>) -> F {
        run_until_return(call.entered, call.records, call.body, |_| {
            Event::Ends(Outcome::Ok)
        })
    }
}

impl<F, C: FnOnce() -> F, A, D, J> Extent<StreamCall<F, F, C, A, D, J>> for UntilToldReturn
where
    A: Records<Returned = F>,
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, stream: StreamCall<F, F, C, A, D, J>) -> F {
        self.__dt_metrics_run(stream.call)
    }
}

impl<R, F, C: FnOnce() -> F, A, D, J> Extent<StreamCall<R, F, C, A, D, J>> for UntilReturn
where
    A: Records,
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, stream: StreamCall<R, F, C, A, D, J>) -> F {
        self.__dt_metrics_run(stream.call)
    }
}
