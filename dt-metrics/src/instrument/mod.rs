//! Instruments: what an annotated function touches, and nothing else.
//!
//! ```text
//! counter ──► local (this thread's cells) ──► slots (all threads' cells, drained by the pipeline)
//!    └─────► table (dimensions known at run time → slot)
//! ```

mod chunk;
mod counter;
mod local;
#[cfg(test)]
mod loom;
mod series;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
mod slots;
mod sync;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub use self::counter::{Counter, DimensionedCounter};
pub(crate) use self::local::for_each_descriptor;
#[cfg(feature = "dynatrace")]
pub(crate) use self::local::{drain, for_each_series};
#[cfg(feature = "dynatrace")]
pub(crate) use self::series::Series;
#[cfg(feature = "dynatrace")]
pub(crate) use self::table::set_cardinality_limit;
#[cfg(feature = "dynatrace")]
pub(crate) use self::value::OwnedValue;
pub use self::value::{DimensionValue, Value};
