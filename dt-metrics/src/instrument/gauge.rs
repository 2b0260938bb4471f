//! Values of which the last counts.
#![allow(
    clippy::needless_pass_by_value,
    reason = "sets are lists of references"
)]

use super::local;
use super::many::Many;
use super::one::One;
use super::set::DimensionSet;
use super::value::Value;
use crate::descriptor::Descriptor;

/// A gauge whose dimensions are known at compile time.
pub struct Gauge(One);

impl Gauge {
    /// A gauge with these values of its dimensions, in the order of the descriptor's keys.
    #[must_use]
    pub const fn new(descriptor: &'static Descriptor, values: &'static [Value<'static>]) -> Self {
        Self(One::new(descriptor, values))
    }

    /// A gauge whose dimensions' values are computed once, on first use.
    #[must_use]
    pub const fn resolved(
        descriptor: &'static Descriptor,
        values: fn() -> Vec<Option<Value<'static>>>,
    ) -> Self {
        Self(One::resolved(descriptor, values))
    }

    /// Replaces the value.
    pub fn set(&'static self, value: f64) {
        set(self.0.known_slot(), value);
    }
}

/// A gauge with dimensions that are known at run time.
pub struct DimensionedGauge(Many);

impl DimensionedGauge {
    /// A gauge whose dimensions' values are, in the order of the descriptor's keys, either here
    /// or, where `None` is, the next of the set of each call.
    #[must_use]
    pub const fn new(
        descriptor: &'static Descriptor,
        values: &'static [Option<Value<'static>>],
    ) -> Self {
        Self(Many::new(descriptor, values))
    }

    /// Replaces the value of the series of `values`.
    pub fn set<S: DimensionSet>(&'static self, value: f64, values: S) {
        self.0.with_slot(&values, |slot, _| set(slot, value));
    }
}

/// Keeps the last of all threads' values; not a number and infinities are no values.
fn set(slot: u32, value: f64) {
    if value.is_finite()
        && let Some(series) = local::SLOTS.lock().series_mut(slot)
    {
        series.last = Some(value);
    }
}
