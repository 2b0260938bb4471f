//! Functions that return `impl Future` or `impl Stream`. The return value is measured to its end if
//! it is a future or a stream, and if its measured form still has all bounds that the function
//! promises. Otherwise the call is over when it returns.

use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;

use futures_core::stream::Stream;

use super::call::{Leave, OnPanic, Stage, Told, run};
use super::future::{Measured, measured_as};
use super::outcome::Outcome;
use super::stream::{Judge, MeasuredStream, Returns, measured_stream};

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

/// A call that may return a future.
pub struct FutureCall<R, F, C, B, S, L, T> {
    body: C,
    begin: B,
    leave: L,
    tell: T,
    types: Types<(R, F, S)>,
}

/// A call that may return a stream.
pub struct StreamCall<R, F, C, B, S, L, T, J> {
    call: FutureCall<R, F, C, B, S, L, T>,
    judge: J,
}

impl<R, F, C, B, S, L: Leave<S>, T> Call for FutureCall<R, F, C, B, S, L, T> {
    type Returned = F;
    type Value = R;
    type Measured = Measured<F, B, S, L, T>;
}

impl<R, F, C, B, S, L: Leave<S>, T, J> Call for StreamCall<R, F, C, B, S, L, T, J> {
    type Returned = F;
    type Value = R;
    type Measured = MeasuredStream<F, B, S, L, J>;
}

/// A call of `body`. If that returns a future, `begin` runs at its first poll, and its end calls `tell`
/// with its value, or `leave`.
#[inline]
pub const fn future_call<R, F, C, B, S, L, T>(
    _: Returns<R>,
    body: C,
    begin: B,
    leave: L,
    tell: T,
) -> FutureCall<R, F, C, B, S, L, T>
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<R>,
    T: Fn(&L, S, &R),
{
    FutureCall {
        body,
        begin,
        leave,
        tell,
        types: PhantomData,
    }
}

/// A call of `body`, which may return a stream. `judge` decides which items are errors.
#[inline]
pub const fn stream_call<R, F, C, B, S, L, T, J>(
    returns: Returns<R>,
    body: C,
    begin: B,
    leave: L,
    tell: T,
    judge: J,
) -> StreamCall<R, F, C, B, S, L, T, J>
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<R>,
    T: Fn(&L, S, &R),
{
    StreamCall {
        call: future_call(returns, body, begin, leave, tell),
        judge,
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

impl<R, F, C, B, S, L, T> Extent<FutureCall<R, F, C, B, S, L, T>> for ToItsEnd
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<R>,
    T: Fn(&L, S, &R),
{
    type Output = Measured<F, B, S, L, T>;

    #[inline]
    fn __dt_metrics_run(self, call: FutureCall<R, F, C, B, S, L, T>) -> Self::Output {
        measured_as::<R, _, _, _, _, _>((call.body)(), call.begin, call.leave, call.tell)
    }
}

impl<R, F, C, B, S, L, T, J> Extent<StreamCall<R, F, C, B, S, L, T, J>> for ToItsEnd
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<R>,
    J: Judge<R>,
{
    type Output = MeasuredStream<F, B, S, L, J>;

    #[inline]
    fn __dt_metrics_run(self, stream: StreamCall<R, F, C, B, S, L, T, J>) -> Self::Output {
        let StreamCall { call, judge } = stream;
        measured_stream::<R, _, _, _, _, _>((call.body)(), call.begin, call.leave, judge)
    }
}

impl<F, C, B, S, L, T> Extent<FutureCall<F, F, C, B, S, L, T>> for UntilToldReturn
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<F>,
    T: Fn(&L, S, &F),
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, call: FutureCall<F, F, C, B, S, L, T>) -> F {
        run(call.body, (call.begin)(), call.leave, call.tell)
    }
}

impl<R, F, C, B, S, L, T> Extent<FutureCall<R, F, C, B, S, L, T>> for UntilReturn
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<R>,
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, call: FutureCall<R, F, C, B, S, L, T>) -> F {
        let on_panic = OnPanic {
            stage: &mut Stage::<(), S>::Running((call.begin)()),
            leave: &call.leave,
        };
        let returned = (call.body)();
        if let Some(state) = on_panic.stage.end() {
            (call.leave)(state, Outcome::Ok);
        }
        returned
    }
}

impl<F, C, B, S, L, T, J> Extent<StreamCall<F, F, C, B, S, L, T, J>> for UntilToldReturn
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<F>,
    T: Fn(&L, S, &F),
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, stream: StreamCall<F, F, C, B, S, L, T, J>) -> F {
        self.__dt_metrics_run(stream.call)
    }
}

impl<R, F, C, B, S, L, T, J> Extent<StreamCall<R, F, C, B, S, L, T, J>> for UntilReturn
where
    C: FnOnce() -> F,
    B: FnOnce() -> S,
    L: Fn(S, Outcome) -> Told<R>,
{
    type Output = F;

    #[inline]
    fn __dt_metrics_run(self, stream: StreamCall<R, F, C, B, S, L, T, J>) -> F {
        self.__dt_metrics_run(stream.call)
    }
}
