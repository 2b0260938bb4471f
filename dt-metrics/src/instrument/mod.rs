//! Instruments: what an annotated function touches, and nothing else.
//!
//! ```text
//! counter ──► local (this thread's cells) ──► slots (all threads' cells, drained by the pipeline)
//!    └─────► table (dimensions known at run time → slot)
//! ```

mod capture;
mod chunk;
mod clock;
#[cfg(feature = "dynatrace")]
mod collect;
mod constructors;
mod counter;
mod gauge;
mod histogram;
#[cfg(feature = "dynatrace")]
mod inherited;
mod kept;
mod known;
mod local;
#[cfg(test)]
mod loom;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
mod many;
mod observed;
mod one;
mod ring;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
mod series;
mod set;
mod signature;
mod sink;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
mod slots;
mod sync;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub(crate) use self::capture::{Recorded, Recorder, Seen, current, watch};
pub use self::clock::Stopwatch;
#[cfg(feature = "dynatrace")]
pub(crate) use self::clock::calibrate;
#[cfg(feature = "dynatrace")]
pub(crate) use self::collect::{
    Drained, drain, drain_values, for_each_series, keep_newest_values, values_given_up,
};
pub use self::counter::{
    Counter, DimensionedCounter, DimensionedUpDownCounter, InFlight, UpDownCounter,
};
pub use self::gauge::{DimensionedGauge, Gauge};
pub use self::histogram::{DimensionedHistogram, Histogram, Timer};
#[cfg(feature = "dynatrace")]
pub(crate) use self::inherited::disown_inherited;
pub use self::kept::{AnyValue, Kept};
#[cfg(feature = "dynatrace")]
pub(crate) use self::many::set_cardinality_limit;
#[cfg(feature = "dynatrace")]
pub(crate) use self::observed::Number as ObservedNumber;
pub(crate) use self::observed::all_observed;
pub use self::observed::{Answer, Observable, Observed};
#[cfg(feature = "dynatrace")]
pub(crate) use self::series::Series;
pub use self::set::DimensionSet;
#[cfg(feature = "dynatrace")]
pub(crate) use self::sink::{Sink, set_sink};
pub(crate) use self::value::OwnedValue;
pub use self::value::{DimensionValue, Value};

use crate::descriptor::Descriptor;

/// Runs `f` with the descriptor of every instrument that has been used. `f` must not measure.
pub(crate) fn for_each_descriptor(mut f: impl FnMut(&'static Descriptor)) {
    for (_, entry) in local::SLOTS.lock().entries() {
        f(entry.series.descriptor);
    }
}

/// All that was ever added to the counters of this name.
#[cfg(test)]
pub(crate) fn total(name: &str) -> u64 {
    let slots = local::SLOTS.lock();
    slots
        .entries()
        .filter(|(_, entry)| entry.series.descriptor.name == name)
        .fold(0, |sum, (slot, _)| sum + slots.total(slot))
}
