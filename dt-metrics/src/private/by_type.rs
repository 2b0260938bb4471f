//! Functions that return a boxed future or stream, under any type name.

use core::convert::identity;
use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;

use futures_core::stream::Stream;

use super::call::{Closure, EnteredOf, Event, Holds, Stage, Told, record, run_until_return, told};
use super::future::{Measured, with as measured};
use super::judge::OutcomeOf;
use super::outcome::Outcome;
use super::site::{At, Site, measured_at, run_at};
use super::stream::{Judge, MeasuredStream};

/// A call that returns `R`. The compiler takes the first method that fits: one for boxes, or, by
/// `Deref`, one for all other types. So it looks for the many types of boxed futures and streams only
/// if `R` is a box.
pub struct Call<R>(Plain<R>);

/// A call that returns a box. The compiler takes the first method that fits: one for boxed futures and
/// streams, or, by `Deref`, one for all other types.
pub struct BoxedCall<R>(Plain<R>);

/// A call that is over when it returns `R`.
pub struct Plain<R>(PhantomData<fn() -> R>);

impl<R> Call<R> {
    #[expect(clippy::new_without_default, reason = "named by expansions only")]
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(Plain(PhantomData))
    }
}

/// The call that returns a type. For the compiler, it is unknown if that type is: then the type is the only
/// error.
pub trait Returning {
    type Call;
}

impl<R> Returning for R {
    type Call = Call<R>;
}

/// A call of `body`.
#[inline]
#[must_use]
pub const fn call_of<R>(_: &impl FnOnce() -> R) -> <R as Returning>::Call {
    Call::new()
}

impl<P> Call<Pin<P>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_kind(&self) -> BoxedCall<Pin<P>> {
        BoxedCall::new()
    }
}

impl<T: ?Sized> Call<Box<T>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_kind(&self) -> BoxedCall<Box<T>> {
        BoxedCall::new()
    }
}

impl<R> Plain<R> {
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_kind(&self) -> Self {
        Self(PhantomData)
    }
}

impl<R> Deref for Call<R> {
    type Target = Plain<R>;

    #[inline]
    fn deref(&self) -> &Plain<R> {
        &self.0
    }
}

impl<R> BoxedCall<R> {
    const fn new() -> Self {
        Self(Plain(PhantomData))
    }
}

impl<R> Deref for BoxedCall<R> {
    type Target = Plain<R>;

    #[inline]
    fn deref(&self) -> &Plain<R> {
        &self.0
    }
}

impl<R> Plain<R> {
    /// The value for the condition of the argument `err_if`.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_judged(&self) -> SingleValue {
        SingleValue
    }

    /// Runs `body`. `record` sees each event of the call. A `judge` is for streams only.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    pub fn __dt_metrics_run<E, S, J>(
        &self,
        entered: E,
        record: impl Fn(&mut Stage<E, S>, Event<'_, R>),
        _judge: J,
        body: impl FnOnce() -> R,
    ) -> R {
        run_until_return(entered, Closure::new(record), body, |returned| {
            Event::Returns(returned)
        })
    }

    /// The type of the call's value.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_value(&self) -> OutcomeOf<R> {
        OutcomeOf::new()
    }

    /// Runs `body` between records at `site`.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    pub fn __dt_metrics_run_at<S: Site, J: Judge<R>>(
        &self,
        site: &'static S,
        judge: J,
        body: impl FnOnce() -> R,
    ) -> R {
        run_at(site, judge, body)
    }

    /// Runs a `body` that puts a value in a pinned box.
    #[inline]
    pub fn __dt_metrics_pin<E, S, J>(
        &self,
        entered: E,
        record: impl Fn(&mut Stage<E, S>, Event<'_, R>),
        judge: J,
        body: impl FnOnce(Pinned) -> R,
    ) -> R {
        self.__dt_metrics_run(entered, record, judge, move || body(Pinned))
    }
}

/// Handed to a body for a value that is not a future or a stream, before it is put in a pinned box.
pub struct Pinned;

impl Pinned {
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    pub const fn __dt_metrics_probe<P>(&self, _: &P) -> Unmeasured {
        Unmeasured
    }
}

/// Handed to a body for a future with the value `R`, before it is put in a pinned box.
pub struct PinnedFuture<R, E, S, A> {
    entered: E,
    records: Closure<A, E, S, R>,
    value: PhantomData<fn() -> R>,
}

impl<R, E, S, A: Fn(&mut Stage<E, S>, Event<'_, R>)> PinnedFuture<R, E, S, A> {
    #[inline]
    pub const fn new(entered: E, record: A) -> Self {
        Self {
            entered,
            records: Closure::new(record),
            value: PhantomData,
        }
    }

    #[inline]
    pub const fn __dt_metrics_probe<F>(&self, _: &F) -> ProbedFuture<F, R> {
        ProbedFuture(Unmeasured, PhantomData)
    }
}

/// Handed to a body for a stream of `I`, before it is put in a pinned box.
pub struct PinnedStream<I, E, S, A, J> {
    entered: E,
    records: Closure<A, E, S, I>,
    judge: J,
    item: PhantomData<fn() -> I>,
}

impl<I, E, S, A, J> PinnedStream<I, E, S, A, J> {
    #[expect(clippy::unused_self, reason = "its type has the item's")]
    #[inline]
    pub const fn __dt_metrics_probe<F>(&self, _: &F) -> ProbedStream<F, I> {
        ProbedStream(Unmeasured, PhantomData)
    }
}

/// Measures an `F` that is a future with the value `R`. The compiler takes the first method that fits: the one
/// for such a future, or, by `Deref`, one that leaves `F` as it is. Then the messages about the mistake are
/// those about a function without an annotation.
pub struct ProbedFuture<F, R>(Unmeasured, PhantomData<fn() -> (F, R)>);

/// [`ProbedFuture`] for a stream of `I`.
pub struct ProbedStream<F, I>(Unmeasured, PhantomData<fn() -> (F, I)>);

/// A value that is not measured.
pub struct Unmeasured;

impl<F, R> Deref for ProbedFuture<F, R> {
    type Target = Unmeasured;

    #[inline]
    fn deref(&self) -> &Unmeasured {
        &self.0
    }
}

impl<F, I> Deref for ProbedStream<F, I> {
    type Target = Unmeasured;

    #[inline]
    fn deref(&self) -> &Unmeasured {
        &self.0
    }
}

impl<F: Future<Output = R>, R> ProbedFuture<F, R> {
    /// `future`, measured.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[expect(clippy::type_complexity, reason = "the type of a closure has no name")]
    #[inline]
    pub fn __dt_metrics_measured<E, S, A>(
        &self,
        future: F,
        pinned: PinnedFuture<R, E, S, A>,
    ) -> Measured<F, impl Fn() -> Told<Closure<A, E, S, R>> + 'static + use<F, R, E, S, A>>
    where
        A: Fn(&mut Stage<E, S>, Event<'_, R>),
    {
        measured(future, pinned.entered, pinned.records, told())
    }
}

impl<F: Stream<Item = I>, I> ProbedStream<F, I> {
    /// `stream`, measured.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[expect(clippy::type_complexity, reason = "the type of a closure has no name")]
    #[inline]
    pub fn __dt_metrics_measured<E, S, A, J>(
        &self,
        stream: F,
        pinned: PinnedStream<I, E, S, A, J>,
    ) -> MeasuredStream<
        F,
        impl Fn() -> Told<Closure<A, E, S, I>> + 'static + use<F, I, E, S, A, J>,
        J,
    >
    where
        A: Fn(&mut Stage<E, S>, Event<'_, I>),
    {
        measured_stream(stream, pinned.entered, pinned.records, pinned.judge, told())
    }
}

/// `stream`, measured. `D` stands for the type that makes the records.
#[inline]
fn measured_stream<F, D: Holds<F>, J>(
    stream: F,
    entered: EnteredOf<F, D>,
    records: D::Records,
    judge: J,
    _: D,
) -> MeasuredStream<F, D, J> {
    MeasuredStream::new(stream, entered, records, judge)
}

impl Unmeasured {
    /// `value` as it is.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    pub fn __dt_metrics_measured<V, P>(&self, value: V, _: P) -> V {
        value
    }
}

/// The methods of calls that return a boxed future, with these bounds besides.
macro_rules! boxed_future {
    (($($auto:ident)*) ($($unpin:ident)?)) => {
        impl<'a, T> BoxedCall<Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>> {
            /// Runs `body`, and measures the future that it makes.
            #[inline]
            pub fn __dt_metrics_run<E, S, J>(
                &self,
                entered: E,
                record: impl Fn(&mut Stage<E, S>, Event<'_, T>) $(+ $auto)* + 'a,
                _judge: J,
                body: impl FnOnce() -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>
            where
                E: $($auto +)* 'a,
                S: $($auto +)* 'a,
                T: 'a,
            {
                Box::pin(measured(body(), entered, Closure::new(record), told()))
            }

            /// The type of the future's value.
            #[inline]
            #[must_use]
            pub const fn __dt_metrics_value(&self) -> OutcomeOf<T> {
                OutcomeOf::new()
            }

            /// Runs `body`, and measures the future that it makes at `site`.
            #[inline]
            pub fn __dt_metrics_run_at<S: Site, J: Judge<T> $(+ $auto)* + 'a>(
                &self,
                site: &'static S,
                judge: J,
                body: impl FnOnce() -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>
            where
                T: 'a,
            {
                Box::pin(measured_at(body(), At(site), judge))
            }

            /// Runs `body`, and measures the future that it makes before the future is boxed.
            #[inline]
            pub fn __dt_metrics_pin<E, S, A, J>(
                &self,
                entered: E,
                record: A,
                _judge: J,
                body: impl FnOnce(PinnedFuture<T, E, S, A>)
                    -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>
            where
                A: Fn(&mut Stage<E, S>, Event<'_, T>),
            {
                body(PinnedFuture::new(entered, record))
            }
        }

        impl<'a, T> BoxedCall<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>> {
            /// Runs `body`, and measures the future that it makes.
            #[inline]
            pub fn __dt_metrics_run<E, S, J>(
                &self,
                entered: E,
                record: impl Fn(&mut Stage<E, S>, Event<'_, T>) $(+ $auto)* + 'a,
                _judge: J,
                body: impl FnOnce() -> Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>,
            ) -> Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>
            where
                E: $($auto +)* 'a,
                S: $($auto +)* 'a,
                T: 'a,
            {
                Box::new(measured(
                    Box::into_pin(body()),
                    entered,
                    Closure::new(record),
                    told(),
                ))
            }

            /// The type of the future's value.
            #[inline]
            #[must_use]
            pub const fn __dt_metrics_value(&self) -> OutcomeOf<T> {
                OutcomeOf::new()
            }

            /// Runs `body`, and measures the future that it makes at `site`.
            #[inline]
            pub fn __dt_metrics_run_at<S: Site, J: Judge<T> $(+ $auto)* + 'a>(
                &self,
                site: &'static S,
                judge: J,
                body: impl FnOnce() -> Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>,
            ) -> Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>
            where
                T: 'a,
            {
                Box::new(measured_at(Box::into_pin(body()), At(site), judge))
            }
        }
    };
}

/// The methods of calls that return a boxed stream of `T`, with these bounds besides.
macro_rules! boxed_stream {
    (($($auto:ident)*) ($($unpin:ident)?)) => {
        boxed_stream!(
            @run ($($auto)*), Pin<Box<dyn Stream<Item = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            Box::pin, identity
        );
        boxed_stream!(
            @run ($($auto)*), Box<dyn Stream<Item = T> $(+ $auto)* $(+ $unpin)? + 'a>,
            Box::new, Box::into_pin
        );

        impl<'a, T> BoxedCall<Pin<Box<dyn Stream<Item = T> $(+ $auto)* $(+ $unpin)? + 'a>>> {
            /// Runs `body`, and measures the stream that it makes before the stream is boxed.
            #[inline]
            pub fn __dt_metrics_pin<E, S, A, J>(
                &self,
                entered: E,
                record: A,
                judge: J,
                body: impl FnOnce(PinnedStream<T, E, S, A, J>)
                    -> Pin<Box<dyn Stream<Item = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            ) -> Pin<Box<dyn Stream<Item = T> $(+ $auto)* $(+ $unpin)? + 'a>>
            where
                A: Fn(&mut Stage<E, S>, Event<'_, T>),
            {
                body(PinnedStream {
                    entered,
                    records: Closure::new(record),
                    judge,
                    item: PhantomData,
                })
            }
        }
    };
    (@run ($($auto:ident)*), $boxed:ty, $new:path, $pin:path) => {
        impl<'a, T> BoxedCall<$boxed> {
            /// A stream has no value for the condition of the argument `err_if`.
            #[inline]
            #[must_use]
            pub const fn __dt_metrics_judged(&self) -> BoxedStream<T> {
                BoxedStream(PhantomData)
            }

            /// Runs `body`, and measures the stream that it makes.
            #[inline]
            pub fn __dt_metrics_run<E, S, J: Judge<T> $(+ $auto)* + 'a>(
                &self,
                entered: E,
                record: impl Fn(&mut Stage<E, S>, Event<'_, T>) $(+ $auto)* + 'a,
                judge: J,
                body: impl FnOnce() -> $boxed,
            ) -> $boxed
            where
                E: $($auto +)* 'a,
                S: $($auto +)* 'a,
                T: 'a,
            {
                $new(measured_stream($pin(body()), entered, Closure::new(record), judge, told()))
            }

            /// The type of the stream's items.
            #[inline]
            #[must_use]
            pub const fn __dt_metrics_value(&self) -> OutcomeOf<T> {
                OutcomeOf::new()
            }

            /// Runs `body`, and measures the stream that it makes at `site`.
            #[inline]
            pub fn __dt_metrics_run_at<S: Site, J: Judge<T> $(+ $auto)* + 'a>(
                &self,
                site: &'static S,
                judge: J,
                body: impl FnOnce() -> $boxed,
            ) -> $boxed
            where
                T: 'a,
            {
                let record = move |stage: &mut Stage<(), _>, event: Event<'_, T>| {
                    record(
                        stage,
                        event,
                        |()| ((), site.begin()),
                        |((), running), outcome| {
                            site.end(running, outcome);
                            Told::new()
                        },
                        |leave, running, _| {
                            let _: Told<T> = leave(running, Outcome::Ok);
                        },
                    );
                };
                $new(measured_stream($pin(body()), (), Closure::new(record), judge, told()))
            }
        }
    };
}

/// The value of a call.
pub struct SingleValue;

/// A boxed stream of `T`.
pub struct BoxedStream<T>(PhantomData<fn() -> T>);

/// A value for the condition of `err_if`.
#[diagnostic::on_unimplemented(
    message = "this function returns a boxed stream, whose items `err_if` does not see",
    label = "not evaluated for the items of a boxed stream",
    note = "return `impl Stream`, or make an item an `Err` if it is an error"
)]
pub trait Judged {}

impl Judged for SingleValue {}

/// Does nothing. The bound rejects the argument `err_if` on a function that returns a boxed stream.
#[inline]
pub const fn judged<T: Judged>(_: &T) {}

macro_rules! boxed {
    ($($autos:tt $unpin:tt;)+) => {$(
        boxed_future!($autos $unpin);
        boxed_stream!($autos $unpin);
    )+};
}

boxed! {
    () ();
    (Send) ();
    (Sync) ();
    (Send Sync) ();
    () (Unpin);
    (Send) (Unpin);
    (Sync) (Unpin);
    (Send Sync) (Unpin);
}
