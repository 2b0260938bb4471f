//! Functions that return a boxed future or stream, under any type name.

use core::convert::identity;
use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;

use futures_core::stream::Stream;

use super::call::{Leave, OnPanic, Stage, Told};
use super::future::{Measured, measured};
use super::judge::OutcomeOf;
use super::outcome::Outcome;
use super::site::{Site, measured_at, run_at};
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

    /// Runs `body` between `begin` and `tell`, or `leave` if it panics. A `judge` is for streams only.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    pub fn __dt_metrics_run<S, L: Fn(S, Outcome) -> Told<R>, J>(
        &self,
        begin: impl FnOnce() -> S,
        leave: L,
        tell: impl Fn(&L, S, &R),
        _judge: J,
        body: impl FnOnce() -> R,
    ) -> R {
        // Not `run`, which would be a further function to build for each call.
        let on_panic = OnPanic {
            stage: &mut Stage::<(), S>::Running(begin()),
            leave: &leave,
        };
        let returned = body();
        if let Some(state) = on_panic.stage.end() {
            tell(&leave, state, &returned);
        }
        returned
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
    pub fn __dt_metrics_pin<S, L: Fn(S, Outcome) -> Told<R>, J>(
        &self,
        begin: impl FnOnce() -> S,
        leave: L,
        tell: impl Fn(&L, S, &R),
        judge: J,
        body: impl FnOnce(Pinned) -> R,
    ) -> R {
        self.__dt_metrics_run(begin, leave, tell, judge, move || body(Pinned))
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
pub struct PinnedFuture<R, B, L, T> {
    begin: B,
    leave: L,
    tell: T,
    value: PhantomData<fn() -> R>,
}

impl<R, B, L, T> PinnedFuture<R, B, L, T> {
    #[inline]
    pub const fn new<S>(begin: B, leave: L, tell: T) -> Self
    where
        B: FnOnce() -> S,
        L: Fn(S, Outcome) -> Told<R>,
        T: Fn(&L, S, &R),
    {
        Self {
            begin,
            leave,
            tell,
            value: PhantomData,
        }
    }

    #[inline]
    pub const fn __dt_metrics_probe<F>(&self, _: &F) -> ProbedFuture<F, R> {
        ProbedFuture(Unmeasured, PhantomData)
    }
}

/// Handed to a body for a stream of `I`, before it is put in a pinned box.
pub struct PinnedStream<I, B, L, J> {
    begin: B,
    leave: L,
    judge: J,
    item: PhantomData<fn() -> I>,
}

impl<I, B, L, J> PinnedStream<I, B, L, J> {
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
    #[inline]
    pub fn __dt_metrics_measured<S, B, L, T>(
        &self,
        future: F,
        pinned: PinnedFuture<R, B, L, T>,
    ) -> Measured<F, B, S, L, T>
    where
        B: FnOnce() -> S,
        L: Leave<S>,
    {
        Measured::new(future, pinned.begin, pinned.leave, pinned.tell)
    }
}

impl<F: Stream<Item = I>, I> ProbedStream<F, I> {
    /// `stream`, measured.
    #[expect(clippy::unused_self, reason = "all probes are called as methods")]
    #[inline]
    pub fn __dt_metrics_measured<S, B, L, J>(
        &self,
        stream: F,
        pinned: PinnedStream<I, B, L, J>,
    ) -> MeasuredStream<F, B, S, L, J>
    where
        B: FnOnce() -> S,
        L: Leave<S>,
    {
        MeasuredStream::new(stream, pinned.begin, pinned.leave, pinned.judge)
    }
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
            pub fn __dt_metrics_run<S, L, J>(
                &self,
                begin: impl FnOnce() -> S $(+ $auto)* + 'a,
                leave: L,
                tell: impl Fn(&L, S, &T) $(+ $auto)* + 'a,
                _judge: J,
                body: impl FnOnce() -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>
            where
                S: $($auto +)* 'a,
                L: Fn(S, Outcome) -> Told<T> $(+ $auto)* + 'a,
                T: 'a,
            {
                Box::pin(measured(body(), begin, leave, tell))
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
                Box::pin(measured_at(body(), move || site, judge))
            }

            /// Runs `body`, and measures the future that it makes before the future is boxed.
            #[inline]
            pub fn __dt_metrics_pin<S, B, L, E, J>(
                &self,
                begin: B,
                leave: L,
                tell: E,
                _judge: J,
                body: impl FnOnce(PinnedFuture<T, B, L, E>)
                    -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>>
            where
                B: FnOnce() -> S,
                L: Fn(S, Outcome) -> Told<T>,
                E: Fn(&L, S, &T),
            {
                body(PinnedFuture::new(begin, leave, tell))
            }
        }

        impl<'a, T> BoxedCall<Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>> {
            /// Runs `body`, and measures the future that it makes.
            #[inline]
            pub fn __dt_metrics_run<S, L, J>(
                &self,
                begin: impl FnOnce() -> S $(+ $auto)* + 'a,
                leave: L,
                tell: impl Fn(&L, S, &T) $(+ $auto)* + 'a,
                _judge: J,
                body: impl FnOnce() -> Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>,
            ) -> Box<dyn Future<Output = T> $(+ $auto)* $(+ $unpin)? + 'a>
            where
                S: $($auto +)* 'a,
                L: Fn(S, Outcome) -> Told<T> $(+ $auto)* + 'a,
                T: 'a,
            {
                Box::new(measured(Box::into_pin(body()), begin, leave, tell))
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
                Box::new(measured_at(Box::into_pin(body()), move || site, judge))
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
            pub fn __dt_metrics_pin<S, B, L, J>(
                &self,
                begin: B,
                leave: L,
                _tell: impl Fn(&L, S, &T),
                judge: J,
                body: impl FnOnce(PinnedStream<T, B, L, J>)
                    -> Pin<Box<dyn Stream<Item = T> $(+ $auto)* $(+ $unpin)? + 'a>>,
            ) -> Pin<Box<dyn Stream<Item = T> $(+ $auto)* $(+ $unpin)? + 'a>>
            where
                B: FnOnce() -> S,
                L: Fn(S, Outcome) -> Told<T>,
            {
                body(PinnedStream { begin, leave, judge, item: PhantomData })
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
            pub fn __dt_metrics_run<S, L, J: Judge<T> $(+ $auto)* + 'a>(
                &self,
                begin: impl FnOnce() -> S $(+ $auto)* + 'a,
                leave: L,
                _tell: impl Fn(&L, S, &T),
                judge: J,
                body: impl FnOnce() -> $boxed,
            ) -> $boxed
            where
                S: $($auto +)* 'a,
                L: Fn(S, Outcome) -> Told<T> $(+ $auto)* + 'a,
                T: 'a,
            {
                $new(MeasuredStream::new($pin(body()), begin, leave, judge))
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
                let begin = move || site.begin();
                let leave = move |running, outcome| -> Told<T> {
                    site.end(running, outcome);
                    Told::new()
                };
                $new(MeasuredStream::new($pin(body()), begin, leave, judge))
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
