//! Counters (stub).

use super::value::Value;
use crate::descriptor::Descriptor;

/// A counter whose dimensions are all known at compile time.
pub struct Counter {
    _descriptor: &'static Descriptor,
    _values: &'static [Value<'static>],
}

impl Counter {
    /// `values` are in the order of the descriptor's keys.
    #[must_use]
    pub const fn new(descriptor: &'static Descriptor, values: &'static [Value<'static>]) -> Self {
        Self { _descriptor: descriptor, _values: values }
    }
    /// A counter whose values are computed once, on first use: those of `const { … }`.
    #[must_use]
    pub const fn resolved(descriptor: &'static Descriptor, _values: fn() -> Vec<Option<Value<'static>>>) -> Self {
        Self { _descriptor: descriptor, _values: &[] }
    }
    /// Adds.
    #[inline(always)]
    pub fn add(&'static self, _n: u64) {}
}

/// A counter with dimensions that are known only at run time.
pub struct DimensionedCounter {
    _descriptor: &'static Descriptor,
}

impl DimensionedCounter {
    /// New.
    #[must_use]
    pub const fn new(descriptor: &'static Descriptor) -> Self {
        Self { _descriptor: descriptor }
    }
    /// `values`: one for each of the descriptor's keys, in their order; `None`: no such dimension.
    pub fn add<const N: usize>(&'static self, _n: u64, _values: [Option<Value<'_>>; N]) {}
}
