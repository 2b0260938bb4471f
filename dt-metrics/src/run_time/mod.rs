//! Instruments that are created at run time: builders and handles. Users see them as
//! `dt_metrics::instrument`.
//!
//! ```text
//! builder ──► registry   is the name free?
//!    └──────► instrument::series::made   the one instrument of this shape
//! handle  ──► a bound series of it, and its slot
//! observer ──► a callback that the pipeline polls
//! ```
//!
//! This folder may import `registry`, `line`, `instrument` and `descriptor`, and nothing else of the crate.

mod builder;
mod dimensions;
mod error;
mod handle;
mod observer;
#[cfg(test)]
mod tests;

pub use self::builder::{Build, Builder};
pub use self::dimensions::DimensionList;
pub use self::error::BuildError;
pub use self::handle::{Counter, Gauge, Histogram, UpDownCounter};
pub use self::observer::{Observations, ObservedValue, Observer, ObserverBuilder, observe};
