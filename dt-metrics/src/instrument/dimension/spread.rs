//! The dimensions of a struct, spread into the dimensions of a call.

use core::hash::Hasher;
use std::rc::Rc;
use std::sync::Arc;

use super::held::{AnyValue, Kept};
use super::set::{DimensionSet, Keys, Listed};
use super::signature;
use super::value::{OwnedValue, Value};

/// A struct whose fields are dimensions. `dims(..tags)` adds all fields of the struct `tags` to a metric.
///
/// Derive this trait with [`derive(Dimensions)`](derive@crate::Dimensions):
///
/// ```
/// use dt_metrics::testing::capture;
/// use dt_metrics::{Dimensions, counted};
///
/// #[derive(Dimensions)]
/// struct Tags<'a> {
///     region: &'a str,
///     shard: u8,
/// }
///
/// #[counted(name = "spread.orders", dims(..tags, kind = "online"))]
/// fn order(tags: &Tags<'_>) {}
///
/// let seen = capture(|| order(&Tags { region: "eu", shard: 7 }));
/// let orders = seen.counter("spread.orders").with("kind", "online");
/// assert_eq!(orders.with("region", "eu").with("shard", 7).value(), 1);
/// ```
///
/// References to such a struct, `Box`, `Rc`, `Arc` and `Option` of one can be spread as well. `None` has no
/// dimensions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be spread into dimensions",
    label = "not a struct of dimensions",
    note = "write `#[derive(dt_metrics::Dimensions)]` on the struct, or `key = value` for a single dimension"
)]
pub trait Dimensions {
    /// Calls `each` with the key of each field, in order. The expansions of the macros use this method.
    #[doc(hidden)]
    fn dimension_keys(each: &mut dyn FnMut(&'static str))
    where
        Self: Sized;

    /// Calls `each` with the value of each field, in the same order; `None` leaves the dimension out. The
    /// expansions of the macros use this method.
    #[doc(hidden)]
    fn dimension_values(&self, each: &mut dyn FnMut(Option<Value<'_>>));
}

/// No dimensions.
impl Dimensions for () {
    fn dimension_keys(_: &mut dyn FnMut(&'static str)) {}

    fn dimension_values(&self, _: &mut dyn FnMut(Option<Value<'_>>)) {}
}

macro_rules! pointers {
    ($($pointer:ty),+) => {$(
        impl<T: Dimensions> Dimensions for $pointer {
            fn dimension_keys(each: &mut dyn FnMut(&'static str)) {
                T::dimension_keys(each);
            }

            fn dimension_values(&self, each: &mut dyn FnMut(Option<Value<'_>>)) {
                T::dimension_values(self, each);
            }
        }
    )+};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: Dimensions> Dimensions for Option<T> {
    fn dimension_keys(each: &mut dyn FnMut(&'static str)) {
        T::dimension_keys(each);
    }

    fn dimension_values(&self, each: &mut dyn FnMut(Option<Value<'_>>)) {
        match self {
            Some(dimensions) => dimensions.dimension_values(each),
            None => T::dimension_keys(&mut |_| each(None)),
        }
    }
}

/// The dimensions of a struct, as one element of a call's set.
pub struct Spread<'a> {
    keys: Keys,
    dimensions: &'a dyn Dimensions,
}

impl<'a> Spread<'a> {
    /// The dimensions of this struct.
    #[inline]
    pub fn new<D: Dimensions>(dimensions: &'a D) -> Self {
        Self {
            keys: D::dimension_keys,
            dimensions,
        }
    }

    fn for_each(&self, each: &mut dyn FnMut(Listed<'_>)) {
        self.dimensions
            .dimension_values(&mut |value| each(Listed(value)));
    }
}

/// The dimensions of a struct, copied when a call begins and used when it ends.
pub struct KeptSpread {
    keys: Keys,
    values: Vec<Kept<AnyValue>>,
}

impl KeptSpread {
    /// Copies of the dimensions of this struct.
    #[inline]
    pub fn new<D: Dimensions>(dimensions: &D) -> Self {
        let mut values = Vec::new();
        dimensions.dimension_values(&mut |value| values.push(Kept::any(&Listed(value))));
        Self {
            keys: D::dimension_keys,
            values,
        }
    }

    /// In place of the dimensions of a value that was not returned.
    #[inline]
    #[must_use]
    pub const fn none() -> Self {
        Self {
            keys: |_| {},
            values: Vec::new(),
        }
    }

    fn for_each(&self, each: &mut dyn FnMut(&Kept<AnyValue>)) {
        self.values.iter().for_each(each);
    }
}

/// Which struct it is: one generic function, which has one instrument, may spread several. Types with the
/// same keys may have the same number.
fn number(keys: Keys) -> u64 {
    (keys as usize) as u64
}

macro_rules! sets {
    ($($spread:ty),+) => {$(
        /// The values follow the number of the struct.
        impl<Rest: DimensionSet> DimensionSet for (&$spread, Rest) {
            const COMBINATIONS: Option<usize> = None;

            const SIGNATURE: u64 = signature::END;

            const SPREADS: bool = true;

            #[inline]
            fn index(&self) -> usize {
                0
            }

            fn combination(_: usize, _: &mut dyn FnMut(Option<Value<'static>>)) {}

            fn hash(&self, hasher: &mut impl Hasher) {
                hasher.write_u64(number(self.0.keys));
                self.0.for_each(&mut |value| (&value, ()).hash(&mut *hasher));
                self.1.hash(hasher);
            }

            fn is(&self, kept: &[Option<OwnedValue>]) -> bool {
                let Some((Some(OwnedValue::U64(kept_number)), mut kept)) = kept.split_first() else {
                    return false;
                };
                let mut same = *kept_number == number(self.0.keys);
                self.0.for_each(&mut |value| {
                    let (own, rest) = kept.split_at(kept.len().min(1));
                    same = same && (&value, ()).is(own);
                    kept = rest;
                });
                same && self.1.is(kept)
            }

            fn keep(&self, kept: &mut Vec<Option<OwnedValue>>) {
                kept.push(Some(OwnedValue::U64(number(self.0.keys))));
                self.0.for_each(&mut |value| (&value, ()).keep(kept));
                self.1.keep(kept);
            }

            fn layout(&self, each: &mut dyn FnMut(Option<Keys>)) {
                each(Some(self.0.keys));
                self.1.layout(each);
            }
        }
    )+};
}

sets!(Spread<'_>, KeptSpread);
