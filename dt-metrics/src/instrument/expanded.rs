//! The instruments and values that expansions name.

pub use super::dimension::held::{AnyValue, Formatted, Kept};
pub use super::dimension::set::DimensionSet;
pub use super::dimension::short_text::ShortText;
pub use super::dimension::spread::{Dimensions, KeptSpread, Spread};
pub use super::dimension::value::{DimensionValue, Value};
pub use super::kinds::clock::Stopwatch;
pub use super::kinds::counter::{
    Added, Checked, Counter, DimensionedCounter, DimensionedUpDownCounter, InFlight, UpDownCounter,
};
pub use super::kinds::gauge::{DimensionedGauge, Gauge};
pub use super::kinds::histogram::{DimensionedHistogram, Histogram, Timer};
pub use super::kinds::measures::Measures;
pub use super::kinds::observed::{Observable, Observation, Observed, ObservedRegistration};
