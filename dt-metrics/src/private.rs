//! What expansions name. Not part of the public interface: anything here may change in any
//! release.

mod check;
mod name;

pub use inventory;

pub use self::check::{check_description, check_dimension_key, check_name, check_unit};
pub use self::name::{DefaultName, Text};
pub use crate::descriptor::{Descriptor, Kind};
pub use crate::instrument::{
    Counter, DimensionSet, DimensionValue, DimensionedCounter, DimensionedGauge,
    DimensionedHistogram, DimensionedUpDownCounter, Gauge, Histogram, InFlight, Timer,
    UpDownCounter, Value,
};
pub use crate::registry::Registration;

/// The value of a dimension.
#[inline]
pub fn value<V: DimensionValue + ?Sized>(value: &V) -> Option<Value<'_>> {
    value.dimension_value()
}

/// The values of dimensions that are computed once.
#[must_use]
pub fn values<const N: usize>(values: [Option<Value<'static>>; N]) -> Vec<Option<Value<'static>>> {
    values.into()
}
