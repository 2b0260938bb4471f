//! What expansions name. Not part of the public interface: anything here may change in any
//! release.

pub use crate::descriptor::{Descriptor, Kind};
pub use crate::instrument::{Counter, DimensionValue, DimensionedCounter, Value};
pub use crate::registry::Registration;
pub use inventory;

/// The value of a dimension.
#[inline]
pub fn value<V: DimensionValue + ?Sized>(value: &V) -> Option<Value<'_>> {
    value.dimension_value()
}

/// A compile error at the caller unless `name` is an instrument name.
#[track_caller]
pub const fn check_name(_name: &str) {}

/// A compile error at the caller unless `key` is a dimension key.
#[track_caller]
pub const fn check_dimension_key(_key: &str) {}

/// A compile error at the caller unless `unit` is a unit.
#[track_caller]
pub const fn check_unit(_unit: &str) {}

/// A compile error at the caller unless `description` is a description.
#[track_caller]
pub const fn check_description(_description: &str) {}

/// The length of the default name `crate.module.function.suffix`.
#[must_use]
pub const fn default_name_len(_module_path: &str, _function: &str, _suffix: &str) -> usize {
    0
}

/// The bytes of the default name.
#[must_use]
pub const fn default_name<const LEN: usize>(
    _module_path: &str,
    _function: &str,
    _suffix: &str,
) -> [u8; LEN] {
    [0; LEN]
}

/// The text of the bytes that [`default_name`] made.
#[must_use]
pub const fn text(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}
