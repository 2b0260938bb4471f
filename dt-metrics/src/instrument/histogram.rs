//! Distributions.

use super::many::Many;
use super::one::One;
use super::set::DimensionSet;
use super::value::Value;
use crate::descriptor::Descriptor;

/// A histogram whose dimensions are known at compile time.
pub struct Histogram(One);

impl Histogram {
    /// A histogram with these values of its dimensions, in the order of the descriptor's keys.
    #[must_use]
    pub const fn new(descriptor: &'static Descriptor, values: &'static [Value<'static>]) -> Self {
        Self(One::new(descriptor, values))
    }

    /// A histogram whose dimensions' values are computed once, on first use.
    #[must_use]
    pub const fn resolved(
        descriptor: &'static Descriptor,
        values: fn() -> Vec<Option<Value<'static>>>,
    ) -> Self {
        Self(One::resolved(descriptor, values))
    }

    /// Records `value`.
    #[inline]
    pub fn record(&'static self, value: f64) {
        let _ = (value, &self.0);
    }

    /// Starts a timer that records, when it goes, the time in units of `nanoseconds`.
    #[inline]
    #[must_use]
    pub fn start(&'static self, nanoseconds: f64) -> Timer {
        let _ = nanoseconds;
        Timer {
            slot: self.0.slot(),
        }
    }
}

/// A histogram with dimensions that are known at run time.
pub struct DimensionedHistogram(Many);

impl DimensionedHistogram {
    /// A histogram whose dimensions' values are, in the order of the descriptor's keys, either
    /// here or, where `None` is, the next of the set of each call.
    #[must_use]
    pub const fn new(
        descriptor: &'static Descriptor,
        values: &'static [Option<Value<'static>>],
    ) -> Self {
        Self(Many::new(descriptor, values))
    }

    /// Records `value` in the series of `values`.
    #[inline]
    pub fn record<S: DimensionSet>(&'static self, value: f64, values: S) {
        let _ = (value, values, &self.0);
    }

    /// Starts a timer as [`Histogram::start`] does; the values are taken now.
    #[inline]
    #[must_use]
    pub fn start<S: DimensionSet>(&'static self, nanoseconds: f64, values: S) -> Timer {
        let _ = (nanoseconds, values, &self.0);
        Timer { slot: 0 }
    }
}

/// Something that takes time; dropping it records how much, on whichever thread that is.
pub struct Timer {
    slot: u32,
}

impl Drop for Timer {
    #[inline]
    fn drop(&mut self) {
        let _ = self.slot;
    }
}
