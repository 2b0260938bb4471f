//! Instruments: what an annotated function touches, and nothing else.
//!
//! ```text
//! kinds ──► series ──► cells        a call: the instrument, its slot, this thread's cell
//!    └────────┴──► dimension        typed values of dimensions
//! drain, capture ──► cells          the doors for the pipeline and for `testing`
//! ```
//!
//! This folder may import `descriptor` and `process`, and nothing else of the crate.

mod capture;
mod cells;
mod dimension;
#[cfg(feature = "dynatrace")]
mod drain;
mod kinds;
mod series;
#[cfg(test)]
mod tests;

pub(crate) use self::capture::watch;
pub(crate) use self::cells::recorder::{Recorded, RecordedSeries, Recorder, watching};
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::sink::{Sink, set_sink};
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::store::Series;
pub(crate) use self::cells::store::for_each_descriptor;
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::store::has_overflow_series;
#[cfg(test)]
pub(crate) use self::cells::store::total;
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::thread::disown_inherited;
pub use self::dimension::held::{AnyValue, Formatted, Kept};
pub use self::dimension::set::DimensionSet;
pub use self::dimension::short_text::ShortText;
pub(crate) use self::dimension::value::OwnedValue;
pub use self::dimension::value::{DimensionValue, Value};
#[cfg(feature = "dynatrace")]
pub(crate) use self::drain::{
    Drained, begin, drain_part, drain_values, finish, for_each_series, keep_newest_values,
    values_given_up,
};
pub use self::kinds::clock::Stopwatch;
#[cfg(feature = "dynatrace")]
pub(crate) use self::kinds::clock::calibrate;
pub use self::kinds::counter::{
    Added, Checked, Counter, DimensionedCounter, DimensionedUpDownCounter, InFlight, UpDownCounter,
};
pub use self::kinds::gauge::{DimensionedGauge, Gauge};
pub use self::kinds::histogram::{DimensionedHistogram, Histogram, Timer};
#[cfg(feature = "dynatrace")]
pub(crate) use self::kinds::observed::Number as ObservedNumber;
pub(crate) use self::kinds::observed::all_observed;
pub use self::kinds::observed::{Observable, Observation, Observed};
#[cfg(feature = "dynatrace")]
pub(crate) use self::series::dynamic::set_cardinality_limit;
