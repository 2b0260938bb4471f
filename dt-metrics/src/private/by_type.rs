//! Functions that return a boxed future, whatever the name of that type is.

use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;

use super::call::{Leave, OnPanic, Stage, Told};
use super::future::{Measured, measured};
use super::outcome::Outcome;

/// A call that returns `R`. The compiler takes the first method that fits: one for boxed futures, or,
/// by `Deref`, one for all other types.
pub struct Call<R>(Plain<R>);

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

impl<R> Deref for Call<R> {
    type Target = Plain<R>;

    #[inline]
    fn deref(&self) -> &Plain<R> {
        &self.0
    }
}

impl<R> Plain<R> {
    /// Runs `body` between `begin` and `tell`, or `leave` if it panics.
    #[expect(clippy::unused_self, reason = "called as the others are")]
    #[inline]
    pub fn __dt_metrics_run<S, L: Fn(S, Outcome) -> Told<R>>(
        &self,
        begin: impl FnOnce() -> S,
        leave: L,
        tell: impl Fn(&L, S, &R),
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

    /// Runs a `body` that puts a value in a pinned box.
    #[inline]
    pub fn __dt_metrics_pin<S, L: Fn(S, Outcome) -> Told<R>>(
        &self,
        begin: impl FnOnce() -> S,
        leave: L,
        tell: impl Fn(&L, S, &R),
        body: impl FnOnce(Pinned) -> R,
    ) -> R {
        self.__dt_metrics_run(begin, leave, tell, move || body(Pinned))
    }
}

/// Handed to a body for a value that is not a future, before it is put in a pinned box.
pub struct Pinned;

impl Pinned {
    /// `pinned` as it is.
    #[expect(clippy::unused_self, reason = "called as the other is")]
    #[inline]
    pub fn __dt_metrics_measured<P>(self, pinned: P) -> P {
        pinned
    }
}

/// Handed to a body for a future, before it is put in a pinned box.
pub struct PinnedFuture<B, L, T> {
    begin: B,
    leave: L,
    tell: T,
}

impl<B, L, T> PinnedFuture<B, L, T> {
    /// `future`, measured. If it is not a future, the compiler reports that where it is boxed.
    #[inline]
    pub fn __dt_metrics_measured<F, S>(self, future: F) -> Measured<F, B, S, L, T>
    where
        B: FnOnce() -> S,
        L: Leave<S>,
    {
        Measured::new(future, self.begin, self.leave, self.tell)
    }
}

macro_rules! boxed {
    ($($auto:ident)*) => {
        impl<'a, T> Call<Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>> {
            /// Runs `body`, and measures the future that it makes.
            #[inline]
            pub fn __dt_metrics_run<S, L>(
                &self,
                begin: impl FnOnce() -> S $(+ $auto)* + 'a,
                leave: L,
                tell: impl Fn(&L, S, &T) $(+ $auto)* + 'a,
                body: impl FnOnce() -> Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>
            where
                S: $($auto +)* 'a,
                L: Fn(S, Outcome) -> Told<T> $(+ $auto)* + 'a,
                T: 'a,
            {
                Box::pin(measured(body(), begin, leave, tell))
            }

            /// Runs `body`, and measures the future that it makes before the future is boxed.
            #[inline]
            pub fn __dt_metrics_pin<S, B, L, E>(
                &self,
                begin: B,
                leave: L,
                tell: E,
                body: impl FnOnce(PinnedFuture<B, L, E>)
                    -> Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>
            where
                B: FnOnce() -> S,
                L: Fn(S, Outcome) -> Told<T>,
                E: Fn(&L, S, &T),
            {
                body(PinnedFuture { begin, leave, tell })
            }
        }
    };
}

boxed!();
boxed!(Send);
boxed!(Send Sync);
