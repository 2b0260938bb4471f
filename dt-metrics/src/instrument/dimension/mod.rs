//! Values of dimensions: their types, and lists of values that the compiler can optimise.
//!
//! This folder imports nothing of the crate.

pub(super) mod held;
pub(super) mod set;
pub(super) mod short_text;
mod signature;
pub(super) mod spread;
pub(super) mod value;
