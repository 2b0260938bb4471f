//! Values of dimensions: what may be one, and lists of them that the compiler sees through.
//!
//! This folder imports nothing of the crate.

pub(super) mod held;
pub(super) mod set;
pub(super) mod short_text;
mod signature;
pub(super) mod spread;
pub(super) mod value;
