//! How a call ended, derived from the type of the value that it returned.

use core::ops::Deref;
use core::task::Poll;

use crate::instrument::{DimensionValue, Value};

/// How a call ended: the dimension `outcome`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It returned a value that is not an error.
    Ok,
    /// It returned an error.
    Err,
    /// A panic went through it.
    Panic,
    /// Its future was dropped before it was ready.
    Cancelled,
}

impl Outcome {
    #[inline]
    const fn of(ok: bool) -> Self {
        if ok { Self::Ok } else { Self::Err }
    }
}

impl DimensionValue for Outcome {
    const FIXED: Option<&'static [Value<'static>]> = {
        static VALUES: [Value<'static>; 4] = [
            Value::Str("ok"),
            Value::Str("err"),
            Value::Str("panic"),
            Value::Str("cancelled"),
        ];
        Some(&VALUES)
    };

    #[inline]
    fn fixed_index(&self) -> usize {
        *self as usize
    }

    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        Self::FIXED.and_then(|values| values.get(self.fixed_index()).copied())
    }
}

/// The value that a call returned, with a method that derives its outcome.
///
/// The compiler takes the first method that fits on the way from here by `Deref`: one for each form
/// of `Result`, whatever its name is, then one for all other types. In a generic function, a type
/// parameter counts as another type.
pub struct Returned<'a, R>(Flat<'a, R>);

/// The second type on the way: it has the method for a `Result` without a further one inside.
pub struct Flat<'a, R>(&'a R, Other);

/// The last type on the way: it has the method for any type.
pub struct Other;

impl<'a, R> Returned<'a, R> {
    #[inline]
    pub const fn new(returned: &'a R) -> Self {
        Self(Flat(returned, Other))
    }
}

impl<'a, R> Deref for Returned<'a, R> {
    type Target = Flat<'a, R>;

    #[inline]
    fn deref(&self) -> &Flat<'a, R> {
        &self.0
    }
}

impl<R> Deref for Flat<'_, R> {
    type Target = Other;

    #[inline]
    fn deref(&self) -> &Other {
        &self.1
    }
}

impl Other {
    #[expect(clippy::unused_self, reason = "called as the others are")]
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome(&self) -> Outcome {
        Outcome::Ok
    }
}

impl<T, E> Flat<'_, Result<T, E>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome(&self) -> Outcome {
        Outcome::of(self.0.is_ok())
    }
}

impl<T, E, F> Returned<'_, Result<Result<T, E>, F>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome(&self) -> Outcome {
        Outcome::of(matches!(self.0.0, Ok(Ok(_))))
    }
}

impl<T, E> Returned<'_, Option<Result<T, E>>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome(&self) -> Outcome {
        Outcome::of(!matches!(self.0.0, Some(Err(_))))
    }
}

impl<T, E> Returned<'_, Poll<Result<T, E>>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome(&self) -> Outcome {
        Outcome::of(!matches!(self.0.0, Poll::Ready(Err(_))))
    }
}

impl<T, E> Returned<'_, Poll<Option<Result<T, E>>>> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome(&self) -> Outcome {
        Outcome::of(!matches!(self.0.0, Poll::Ready(Some(Err(_)))))
    }
}

/// A form of `Result`, which `outcome = result` requires.
#[diagnostic::on_unimplemented(
    message = "`outcome = result` needs a `Result`, and this function returns `{Self}`",
    label = "not known to be a `Result`",
    note = "write `outcome` alone: what is no `Result` then counts as `ok`"
)]
pub trait Fallible {}

impl<T, E> Fallible for Result<T, E> {}
impl<T, E> Fallible for Option<Result<T, E>> {}
impl<T, E> Fallible for Poll<Result<T, E>> {}
impl<T, E> Fallible for Poll<Option<Result<T, E>>> {}

/// Does nothing. The bound requires a form of `Result`.
#[inline]
pub const fn fallible<R: Fallible + ?Sized>(_: &R) {}
