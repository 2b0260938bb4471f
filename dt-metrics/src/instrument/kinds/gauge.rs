//! Values of which the last counts.
#![allow(
    clippy::needless_pass_by_value,
    reason = "sets are lists of references"
)]

use super::constructors;
use super::local;
use super::many::Many;
use super::one::One;
use super::set::DimensionSet;
use super::value::Value;
use crate::descriptor::{Descriptor, Kind, Registration};

/// A gauge whose dimensions are known at compile time.
pub struct Gauge(One);

constructors::one!(Gauge: Gauge);

impl Gauge {
    /// Replaces the value.
    pub fn set(&'static self, value: f64) {
        local::set(self.0.known_slot(), value);
    }
}

/// A gauge with dimensions that are known at run time.
pub struct DimensionedGauge(Many);

constructors::many!(DimensionedGauge: Gauge);

impl DimensionedGauge {
    /// Replaces the value of the series of `values`.
    pub fn set<S: DimensionSet>(&'static self, value: f64, values: S) {
        self.0
            .with_slot(&values, move |slot, _| local::set(slot, value));
    }
}
