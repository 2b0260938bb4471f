//! Instruments: what an annotated function touches.

mod value;
mod counter;

pub use self::value::{DimensionValue, Value};
pub use self::counter::{Counter, DimensionedCounter};
