//! How the outcome of a future is derived from its value, found out by the type of that value.

use core::marker::PhantomData;
use core::ops::Deref;

use super::outcome::Layer;
use super::stream::{Items, Judge, Returns};

/// The type of a value that a call returns, or one inside it, in as many layers as `J` looks into.
///
/// The compiler takes the first method that fits, as for [`Returned`](super::outcome::Returned), but for two
/// layers at once: each call of a method adds to the time of a build. Unlike a closure, the result does not have
/// the generic parameters of the function, and is quickly checked.
pub struct OutcomeOf<R, J = Items>(OneLayer<R, J>);

/// A type with one layer at most.
pub struct OneLayer<R, J> {
    other: AnyOf<J>,
    returned: PhantomData<fn() -> R>,
}

/// A type with no error inside.
pub struct AnyOf<J>(J);

/// Looks into one layer, and then as `J`.
#[derive(Clone, Copy)]
pub struct Layers<J>(J);

impl<R: Layer, J: Judge<R::Inner>> Judge<R> for Layers<J> {
    #[inline]
    fn is_err(&self, returned: &R) -> bool {
        returned.is_error() || returned.inner().is_some_and(|inner| self.0.is_err(inner))
    }
}

impl<R> OutcomeOf<R> {
    #[expect(clippy::new_without_default, reason = "named by expansions only")]
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(OneLayer {
            other: AnyOf(Items),
            returned: PhantomData,
        })
    }

    /// The type of the items of a stream.
    #[inline]
    #[must_use]
    pub const fn of_items(_: &Returns<R>) -> Self {
        Self::new()
    }

    /// The type that `body` returns.
    #[inline]
    #[must_use]
    pub const fn of(_: &impl FnOnce() -> R) -> Self {
        Self::new()
    }
}

impl<R, J> Deref for OutcomeOf<R, J> {
    type Target = OneLayer<R, J>;

    #[inline]
    fn deref(&self) -> &OneLayer<R, J> {
        &self.0
    }
}

impl<R, J> Deref for OneLayer<R, J> {
    type Target = AnyOf<J>;

    #[inline]
    fn deref(&self) -> &AnyOf<J> {
        &self.other
    }
}

impl<R: Layer<Inner: Layer>, J: Copy> OutcomeOf<R, J> {
    /// The type inside both layers.
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_inner(
        &self,
    ) -> OutcomeOf<<R::Inner as Layer>::Inner, Layers<Layers<J>>> {
        OutcomeOf(OneLayer {
            other: AnyOf(self.__dt_metrics_judge()),
            returned: PhantomData,
        })
    }

    #[inline]
    #[must_use]
    pub const fn __dt_metrics_judge(&self) -> Layers<Layers<J>> {
        Layers(Layers(self.0.other.0))
    }
}

impl<R: Layer, J: Copy> OneLayer<R, J> {
    /// Nothing is inside the layer.
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_inner(&self) -> AnyOf<Layers<J>> {
        AnyOf(self.__dt_metrics_judge())
    }

    #[inline]
    #[must_use]
    pub const fn __dt_metrics_judge(&self) -> Layers<J> {
        Layers(self.other.0)
    }
}

impl<J: Copy> AnyOf<J> {
    /// Nothing is inside. The compiler finds further methods of this type without a look at any other.
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_inner(&self) -> Self {
        Self(self.0)
    }

    #[inline]
    #[must_use]
    pub const fn __dt_metrics_judge(&self) -> J {
        self.0
    }
}
