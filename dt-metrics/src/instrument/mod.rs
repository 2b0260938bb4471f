//! Instruments whose name or dimensions are known only at run time, and the guards of blocks.
//!
//! Use an annotation or a macro where the name is known when you compile: they need no handle and
//! cannot fail. Use these instruments for names from a configuration, and for a series whose dimensions
//! you want to look up once:
//!
//! ```
//! use dt_metrics::instrument::{BuildError, Counter, Gauge};
//! use dt_metrics::testing::capture;
//!
//! struct Cache {
//!     hits: Counter,
//!     entries: Gauge,
//! }
//!
//! impl Cache {
//!     fn new(name: &str) -> Result<Self, BuildError> {
//!         Ok(Self {
//!             hits: Counter::builder(format!("cache.{name}.hits"))
//!                 .unit("{hit}")
//!                 .description("Cache hits")
//!                 .build()?,
//!             entries: Gauge::builder("cache.entries").dimension("cache", name).build()?,
//!         })
//!     }
//! }
//!
//! let users = Cache::new("users")?;
//! let seen = capture(|| {
//!     users.hits.add(1);
//!     users.entries.set(7);
//! });
//! assert_eq!(seen.counter("cache.users.hits").value(), 1);
//! assert_eq!(seen.gauge("cache.entries").with("cache", "users").value(), Some(7.0));
//! # Ok::<(), BuildError>(())
//! ```
//!
//! [`observe`](crate::observe) polls a callback for values that an object has, such as a pool.
//!
//! # Lifetime
//!
//! - Handles are `Clone + Send + Sync`. Adding to a counter and recording into a histogram take no lock,
//!   since each thread has its own cells, as for annotations. Setting a gauge takes a lock.
//! - Building the same definition twice returns the same instrument, and binding the same dimensions
//!   twice returns the same series. Instruments with the same name are one metric, also together with
//!   instruments of annotations: all of these instruments must have the same kind and unit.
//! - When you drop the last clone of a handle, its series ends. Pending counts and values are pushed
//!   first; a gauge is pushed once more if you have set it since the last push. The sum of an up-down
//!   counter is kept, and continues if you bind the series again.
//! - A name keeps its kind and unit for the life of the process, and stays in the
//!   [catalogue](crate::catalog). A program can build at most 10,000 different definitions. For example, a
//!   name that contains a request id becomes an error instead of a memory leak. The
//!   [cardinality limit](Builder::cardinality_limit) applies to values of dimensions, as for annotations.

// ```text
// kinds ──► series ──► cells        a call: the instrument, its slot, this thread's cell
//    └────────┴──► dimension        typed values of dimensions
// drain, capture ──► cells          the doors for the pipeline and for `testing`
// ```
//
// This folder may import `descriptor` and `process`, and nothing else of the crate. This file shows users
// the instruments of `run_time`.

mod capture;
mod cells;
mod dimension;
#[cfg(feature = "dynatrace")]
mod drain;
pub(crate) mod expanded;
#[cfg(feature = "dynatrace")]
mod keep;
mod kinds;
mod series;
#[cfg(test)]
mod tests;

pub(crate) use self::capture::{WatchAll, watch, watch_all};
#[cfg(feature = "dynatrace")]
#[allow(unused_imports, reason = "read by the spool")]
pub(crate) use self::cells::chunk::Chunk;
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::memory::{Memory, Samples};
pub(crate) use self::cells::recorder::{Recorded, RecordedSeries, Recorder, watching};
#[cfg(feature = "dynatrace")]
#[allow(unused_imports, reason = "read by the spool")]
pub(crate) use self::cells::sample::RingSample;
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::sink::{Inside, Sink, set_sink};
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::store::Series;
pub(crate) use self::cells::store::for_each_descriptor;
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::store::has_overflow_series;
#[cfg(test)]
pub(crate) use self::cells::store::total;
#[cfg(feature = "dynatrace")]
#[allow(unused_imports, reason = "read by the spool")]
pub(crate) use self::cells::sync::SAMPLES;
pub(crate) use self::cells::thread::set;
#[cfg(feature = "dynatrace")]
pub(crate) use self::cells::thread::{disown_inherited, is_fenced};
pub(crate) use self::dimension::value::{DimensionValue, OwnedValue, Value};
#[cfg(feature = "dynatrace")]
pub(crate) use self::drain::{
    Drained, begin, drain_part, drain_values, finish, for_each_series, for_series_of,
    keep_newest_values, values_given_up,
};
#[cfg(feature = "dynatrace")]
pub(crate) use self::keep::{abandon_cells, keep_cells, leave_cells};
#[cfg(feature = "dynatrace")]
pub(crate) use self::kinds::clock::calibrate;
pub use self::kinds::counter::InFlight;
pub(crate) use self::kinds::counter::{add_signed_to_slot, add_to_slot};
pub use self::kinds::histogram::Timer;
pub(crate) use self::kinds::histogram::record;
pub(crate) use self::kinds::observed::all_observed;
pub(crate) use self::kinds::observed::{Number as ObservedNumber, Observable, Observed};
pub(crate) use self::kinds::source::{Callback, Sample};
#[cfg(feature = "dynatrace")]
pub(crate) use self::kinds::source::{Seat, Source, SourceId};
pub(crate) use self::series::bound::Bound;
#[cfg(feature = "dynatrace")]
pub(crate) use self::series::dynamic::set_cardinality_limit;
pub(crate) use self::series::made::{self, MOST_SHAPES, Made, Place, Shape};
pub use crate::run_time::{
    Build, BuildError, Builder, Counter, DimensionList, Gauge, Histogram, Observations,
    ObservedValue, Observer, ObserverBuilder, UpDownCounter,
};
