//! The values of one call's dimensions, as a list of types that the compiler sees through.

use core::hash::{BuildHasher, Hash, Hasher};
use core::marker::PhantomData;
use std::sync::Arc;

use super::signature;
use super::value::{DimensionValue, OwnedValue, Value};

/// The values of a call's set as a series and the tables that look it up share them.
pub(crate) type KeptSet = Arc<[Option<OwnedValue>]>;

/// Calls the function with all keys of a struct.
pub(crate) type Keys = fn(&mut dyn FnMut(&'static str));

/// Values of the dimensions that are known only at run time: `(&a, (&b, ()))`.
///
/// Everything here is decided per type, so that a list of enums is an index and nothing else.
pub trait DimensionSet {
    /// How many combinations there are, if all types have a fixed number of values.
    const COMBINATIONS: Option<usize>;

    /// The number of this combination, below [`COMBINATIONS`](Self::COMBINATIONS).
    fn index(&self) -> usize;

    /// A hash of the values that the types have, if they have a fixed number of values. It
    /// distinguishes lists of types, so that the instances of a generic function, which share a
    /// static, do not count in each other's slots. It is a constant of the whole program, so that
    /// comparing it reads no memory.
    const SIGNATURE: u64;

    /// The values of combination `index`, in order.
    fn combination(index: usize, each: &mut dyn FnMut(Option<Value<'static>>));

    /// Feeds all values to `hasher`.
    fn hash(&self, hasher: &mut impl Hasher);

    /// Whether `kept` are these values.
    fn is(&self, kept: &[Option<OwnedValue>]) -> bool;

    /// Appends the values.
    fn keep(&self, kept: &mut Vec<Option<OwnedValue>>);

    /// Whether some of the values come from structs.
    const SPREADS: bool = false;

    /// Calls `each` for each element of the list: with the keys of a struct, or with `None` for a single
    /// value.
    fn layout(&self, _each: &mut dyn FnMut(Option<Keys>)) {}
}

impl DimensionSet for () {
    const COMBINATIONS: Option<usize> = Some(1);

    const SIGNATURE: u64 = signature::END;

    #[inline]
    fn index(&self) -> usize {
        0
    }

    fn combination(_: usize, _: &mut dyn FnMut(Option<Value<'static>>)) {}

    #[inline]
    fn hash(&self, _: &mut impl Hasher) {}

    #[inline]
    fn is(&self, kept: &[Option<OwnedValue>]) -> bool {
        kept.is_empty()
    }

    fn keep(&self, _: &mut Vec<Option<OwnedValue>>) {}
}

impl<V: DimensionValue + ?Sized, Rest: DimensionSet> DimensionSet for (&V, Rest) {
    const COMBINATIONS: Option<usize> = match (V::FIXED, Rest::COMBINATIONS) {
        (Some(values), Some(rest)) => values.len().checked_mul(rest),
        _ => None,
    };

    const SIGNATURE: u64 = match V::FIXED {
        Some(values) => signature::of(values, Rest::SIGNATURE),
        None => signature::END,
    };

    #[inline]
    fn index(&self) -> usize {
        self.0.fixed_index() * Rest::COMBINATIONS.unwrap_or(0) + self.1.index()
    }

    fn combination(index: usize, each: &mut dyn FnMut(Option<Value<'static>>)) {
        let rest = Rest::COMBINATIONS.unwrap_or(1).max(1);
        each(V::FIXED.and_then(|values| values.get(index / rest).copied()));
        Rest::combination(index % rest, each);
    }

    #[inline]
    fn hash(&self, hasher: &mut impl Hasher) {
        match self.0.dimension_value() {
            None => hasher.write_u8(0),
            Some(Value::Str(text)) => text.hash(hasher),
            Some(Value::Bool(value)) => hasher.write_u8(u8::from(value) + 1),
            Some(Value::I64(value)) => hasher.write_i64(value),
            Some(Value::U64(value)) => hasher.write_u64(value),
            Some(Value::F64(value)) => hasher.write_u64(value.to_bits()),
            Some(Value::ShortText(text)) => text.hash(hasher),
        }
        self.1.hash(hasher);
    }

    #[inline]
    fn is(&self, kept: &[Option<OwnedValue>]) -> bool {
        let Some((own, rest)) = kept.split_first() else {
            return false;
        };
        // The rest first, so that the number of values is compared before any text.
        self.1.is(rest)
            && match (own, self.0.dimension_value()) {
                (Some(own), Some(value)) => own.is(&value),
                (None, None) => true,
                _ => false,
            }
    }

    fn keep(&self, kept: &mut Vec<Option<OwnedValue>>) {
        kept.push(self.0.dimension_value().map(Value::keep));
        self.1.keep(kept);
    }

    const SPREADS: bool = Rest::SPREADS;

    fn layout(&self, each: &mut dyn FnMut(Option<Keys>)) {
        each(None);
        self.1.layout(each);
    }
}

/// Values whose number is known only at run time.
pub(crate) struct OwnedSet<'a>(pub(crate) &'a [Option<OwnedValue>]);

impl OwnedSet<'_> {
    fn values(&self) -> impl Iterator<Item = Listed<'_>> {
        self.0
            .iter()
            .map(|value| Listed(value.as_ref().map(OwnedValue::as_value)))
    }
}

impl DimensionSet for OwnedSet<'_> {
    const COMBINATIONS: Option<usize> = None;

    const SIGNATURE: u64 = signature::END;

    fn index(&self) -> usize {
        0
    }

    fn combination(_: usize, _: &mut dyn FnMut(Option<Value<'static>>)) {}

    fn hash(&self, hasher: &mut impl Hasher) {
        self.values()
            .for_each(|value| (&value, ()).hash(&mut *hasher));
    }

    fn is(&self, kept: &[Option<OwnedValue>]) -> bool {
        self.0.len() == kept.len()
            && self
                .values()
                .zip(kept.chunks(1))
                .all(|(value, kept)| (&value, ()).is(kept))
    }

    fn keep(&self, kept: &mut Vec<Option<OwnedValue>>) {
        kept.extend_from_slice(self.0);
    }
}

/// One combination of the values of `S`, by its number alone.
pub(crate) struct Combination<S> {
    index: usize,
    set: PhantomData<S>,
}

impl<S: DimensionSet> Combination<S> {
    pub(crate) fn new(index: u32) -> Self {
        Self {
            index: index as usize,
            set: PhantomData,
        }
    }
}

impl<S: DimensionSet> DimensionSet for Combination<S> {
    const COMBINATIONS: Option<usize> = S::COMBINATIONS;

    const SIGNATURE: u64 = S::SIGNATURE;

    #[inline]
    fn index(&self) -> usize {
        self.index
    }

    fn combination(index: usize, each: &mut dyn FnMut(Option<Value<'static>>)) {
        S::combination(index, each);
    }

    fn hash(&self, hasher: &mut impl Hasher) {
        S::combination(self.index, &mut |value| (&Listed(value), ()).hash(hasher));
    }

    fn is(&self, kept: &[Option<OwnedValue>]) -> bool {
        let mut kept = kept.chunks(1);
        let mut same = true;
        S::combination(self.index, &mut |value| {
            let own = kept.next().unwrap_or_default();
            same = same && (&Listed(value), ()).is(own);
        });
        same && kept.next().is_none()
    }

    fn keep(&self, kept: &mut Vec<Option<OwnedValue>>) {
        S::combination(self.index, &mut |value| (&Listed(value), ()).keep(kept));
    }
}

/// A value from [`DimensionValue::FIXED`].
pub(super) struct Listed<'a>(pub(super) Option<Value<'a>>);

impl DimensionValue for Listed<'_> {
    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        self.0
    }
}

/// The hash of all values.
#[inline]
pub(crate) fn hash<S: DimensionSet>(values: &S, hasher: &impl BuildHasher) -> u64 {
    let mut hasher = hasher.build_hasher();
    values.hash(&mut hasher);
    hasher.finish()
}
