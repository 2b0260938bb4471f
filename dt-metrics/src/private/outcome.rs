//! How a call ended, derived from the type of the value that it returned.

use core::ops::Deref;
use core::task::Poll;

use crate::instrument::expanded::Measures;
use crate::instrument::{DimensionValue, Value};

/// How many outcomes there are.
pub(super) const OUTCOMES: u32 = Measures::OUTCOMES;

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
    pub(super) const fn of(ok: bool) -> Self {
        if ok { Self::Ok } else { Self::Err }
    }
}

impl DimensionValue for Outcome {
    const FIXED: Option<&'static [Value<'static>]> = {
        static VALUES: [Value<'static>; OUTCOMES as usize] = [
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

/// A type that may have an error inside: `Result`, and `Option` and `Poll` of one.
pub trait Layer {
    /// The type of the inner value, which may also be a `Layer`.
    type Inner;

    /// The value in it, if there is one.
    fn inner(&self) -> Option<&Self::Inner>;

    /// Whether it is an error itself.
    fn is_error(&self) -> bool {
        false
    }
}

impl<T, E> Layer for Result<T, E> {
    type Inner = T;

    #[inline]
    fn inner(&self) -> Option<&T> {
        self.as_ref().ok()
    }

    #[inline]
    fn is_error(&self) -> bool {
        self.is_err()
    }
}

impl<T> Layer for Option<T> {
    type Inner = T;

    #[inline]
    fn inner(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl<T> Layer for Poll<T> {
    type Inner = T;

    #[inline]
    fn inner(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Pending => None,
        }
    }
}

/// The value that a call returned, or one inside it.
///
/// The compiler takes the first method that fits: one for two `Layer`s under any name, or, by `Deref`, one for one
/// of them, or one for all other types. In a generic function, a type parameter counts as another type. Two layers
/// at once, since each call of a method adds to the time of a build.
pub struct Returned<'a, R>(OneLayer<'a, R>);

/// A value in one layer at most.
pub struct OneLayer<'a, R> {
    value: Option<&'a R>,
    other: Other,
}

/// A value with no error inside.
pub struct Other {
    /// Whether a layer around it was an error.
    failed: bool,
}

impl<'a, R> Returned<'a, R> {
    #[inline]
    pub const fn new(returned: &'a R) -> Self {
        Self(OneLayer {
            value: Some(returned),
            other: Other { failed: false },
        })
    }
}

impl<'a, R> Deref for Returned<'a, R> {
    type Target = OneLayer<'a, R>;

    #[inline]
    fn deref(&self) -> &OneLayer<'a, R> {
        &self.0
    }
}

impl<R> Deref for OneLayer<'_, R> {
    type Target = Other;

    #[inline]
    fn deref(&self) -> &Other {
        &self.other
    }
}

impl<'a, R: Layer<Inner: Layer>> Returned<'a, R> {
    /// The value inside both layers.
    #[inline]
    #[must_use]
    pub fn __dt_metrics_inner(&self) -> Returned<'a, <R::Inner as Layer>::Inner> {
        Returned(self.0.inside().inside())
    }

    #[inline]
    #[must_use]
    pub fn __dt_metrics_outcome(&self) -> Outcome {
        self.0.inside().inside().other.__dt_metrics_outcome()
    }
}

impl<'a, R: Layer> OneLayer<'a, R> {
    /// The value inside.
    #[inline]
    fn inside(&self) -> OneLayer<'a, R::Inner> {
        OneLayer {
            value: self.value.and_then(R::inner),
            other: Other {
                failed: self.other.failed || self.value.is_some_and(R::is_error),
            },
        }
    }

    /// Nothing is inside the layer.
    #[inline]
    #[must_use]
    pub fn __dt_metrics_inner(&self) -> Other {
        self.inside().other
    }

    #[inline]
    #[must_use]
    pub fn __dt_metrics_outcome(&self) -> Outcome {
        self.inside().other.__dt_metrics_outcome()
    }
}

impl Other {
    /// Nothing is inside. The compiler finds further methods of this type without a look at any other.
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_inner(&self) -> Self {
        Self {
            failed: self.failed,
        }
    }

    #[inline]
    #[must_use]
    pub const fn __dt_metrics_outcome(&self) -> Outcome {
        Outcome::of(!self.failed)
    }
}

/// A form of `Result`, which `outcome = result` requires.
#[diagnostic::on_unimplemented(
    message = "`outcome = result` needs a `Result`, and this function returns `{Self}`",
    label = "not known to be a `Result`",
    note = "write `outcome` alone: a return value that is not a `Result` then counts as `ok`"
)]
pub trait Fallible {}

impl<T, E> Fallible for Result<T, E> {}

/// These layers around a `Result`. An `impl` for any `Option<T>` would blame the `T` in messages.
macro_rules! fallible {
    ($($outer:ident $($middle:ident $($inner:ident)?)?;)+) => {
        $(fallible!(@ $outer $($middle $($inner)?)?);)+
    };
    (@ $outer:ident) => {
        impl<T, E> Fallible for $outer<Result<T, E>> {}
    };
    (@ $outer:ident $middle:ident) => {
        impl<T, E> Fallible for $outer<$middle<Result<T, E>>> {}
    };
    (@ $outer:ident $middle:ident $inner:ident) => {
        impl<T, E> Fallible for $outer<$middle<$inner<Result<T, E>>>> {}
    };
}

fallible! {
    Option;
    Poll;
    Option Option;
    Option Poll;
    Poll Option;
    Poll Poll;
    Option Option Option;
    Option Option Poll;
    Option Poll Option;
    Option Poll Poll;
    Poll Option Option;
    Poll Option Poll;
    Poll Poll Option;
    Poll Poll Poll;
}

/// Does nothing. The bound requires a form of `Result`.
#[inline]
pub const fn fallible<R: Fallible + ?Sized>(_: &R) {}
