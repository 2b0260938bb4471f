//! Gauges: the last value counts.
#![allow(
    clippy::needless_pass_by_value,
    reason = "sets are lists of references"
)]

use super::constructors;
use crate::descriptor::{Descriptor, Kind, Registered};
use crate::instrument::cells::thread;
use crate::instrument::dimension::set::DimensionSet;
use crate::instrument::dimension::value::Value;
use crate::instrument::series::dynamic::DynamicSeries;
use crate::instrument::series::fixed::FixedSeries;

/// A gauge whose dimensions are known at compile time.
pub struct Gauge(FixedSeries);

constructors::fixed!(Gauge: Gauge);

impl Gauge {
    /// Replaces the value.
    pub fn set(&'static self, value: f64) {
        thread::set(self.0.known_slot(), value);
    }
}

/// A gauge with dimensions that are known at run time.
pub struct DimensionedGauge(DynamicSeries);

constructors::dynamic!(DimensionedGauge: Gauge);

impl DimensionedGauge {
    /// Replaces the value of the series of `values`.
    pub fn set<S: DimensionSet>(&'static self, value: f64, values: S) {
        self.0
            .with_slot(&values, move |slot, _| thread::set(slot, value));
    }
}
