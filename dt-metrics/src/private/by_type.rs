//! Functions that return a boxed future, under whatever name of that type.

use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;

use super::future::measured;
use super::leave::{self, Ended};

/// A call that returns `R`. The compiler takes the first method that fits: of boxed futures, or, by
/// `Deref`, of all other types.
pub struct Call<R>(Plain, PhantomData<fn() -> R>);

/// A call that is over when it returns.
pub struct Plain;

impl<R> Call<R> {
    #[expect(clippy::new_without_default, reason = "named by expansions only")]
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(Plain, PhantomData)
    }
}

impl<R> Deref for Call<R> {
    type Target = Plain;

    #[inline]
    fn deref(&self) -> &Plain {
        &self.0
    }
}

impl Plain {
    /// As [`leave::run`].
    #[expect(clippy::unused_self, reason = "called as the others are")]
    #[inline]
    pub fn __dt_metrics_run<R, S>(
        &self,
        body: impl FnOnce() -> R,
        begin: impl FnOnce() -> S,
        leave: impl Fn(S, Ended<'_, R>),
    ) -> R {
        leave::run(body, begin(), leave)
    }
}

macro_rules! boxed {
    ($($auto:ident)*) => {
        impl<'a, T: 'a> Call<Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>> {
            /// Runs `body`, and measures the future that it makes.
            #[inline]
            pub fn __dt_metrics_run<S>(
                &self,
                body: impl FnOnce() -> Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>,
                begin: impl FnOnce() -> S $(+ $auto)* + 'a,
                leave: impl Fn(S, Ended<'_, T>) $(+ $auto)* + 'a,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $auto)* + 'a>>
            where
                S: $($auto +)* 'a,
            {
                Box::pin(measured(body(), begin, leave))
            }
        }
    };
}

boxed!();
boxed!(Send);
boxed!(Send Sync);
