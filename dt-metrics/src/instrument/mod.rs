//! Instruments: what an annotated function touches, and nothing else.
//!
//! ```text
//! counter ──► local (this thread's cells) ──► slots (all threads' cells, drained by the pipeline)
//!    └─────► table (dimensions known at run time → slot)
//! ```

mod chunk;
mod counter;
mod gauge;
mod histogram;
mod local;
#[cfg(test)]
mod loom;
mod many;
mod one;
mod series;
mod set;
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

pub use self::counter::{
    Counter, DimensionedCounter, DimensionedUpDownCounter, InFlight, UpDownCounter,
};
pub use self::gauge::{DimensionedGauge, Gauge};
pub use self::histogram::{DimensionedHistogram, Histogram, Timer};
pub(crate) use self::local::for_each_descriptor;
#[cfg(feature = "dynatrace")]
pub(crate) use self::local::{drain, for_each_series};
#[cfg(feature = "dynatrace")]
pub(crate) use self::series::Series;
pub use self::set::DimensionSet;
#[cfg(feature = "dynatrace")]
pub(crate) use self::table::set_cardinality_limit;
#[cfg(feature = "dynatrace")]
pub(crate) use self::value::OwnedValue;
pub use self::value::{DimensionValue, Value};
