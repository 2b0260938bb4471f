//! Handles of instruments that are created at run time: each has one series.

use core::fmt;
use core::panic::Location;
use std::sync::Arc;

use super::builder::{Build, Builder, Definition, sealed};
use super::dimensions::DimensionList;
use super::error::BuildError;
use crate::descriptor::Kind;
use crate::instrument::{self, Bound, Made};
use crate::private::Number;

/// The series of a handle and its clones.
struct Shared {
    definition: Definition,
    made: Made,
    bound: Bound,
}

impl Shared {
    fn new(definition: Definition) -> Result<Arc<Self>, BuildError> {
        let made = definition.make()?;
        let bound = made.series.bind(&definition.values);
        Ok(Arc::new(Self {
            definition,
            made,
            bound,
        }))
    }
}

macro_rules! handles {
    ($($(#[$doc:meta])+ $handle:ident: $example:literal;)+) => {$(
        $(#[$doc])+
        ///
        /// A handle records into one series. Cloning it is cheap, and its clones record into the same series,
        /// on any thread. When you drop the last clone, the series ends after its pending measurements are
        /// pushed.
        #[derive(Clone)]
        pub struct $handle {
            /// Here as well, so that a measurement does not follow the pointer.
            slot: u32,
            shared: Arc<Shared>,
        }

        impl $handle {
            /// Returns a builder for an instrument with this name. The name is the metric key without the
            /// exporter's prefix: a letter, then letters, digits, `_`, `-` and `.`, 255 characters at most.
            #[track_caller]
            pub fn builder(name: impl Into<String>) -> Builder<Self> {
                Builder::new(name.into(), Location::caller())
            }

            /// Returns a handle of the series that has these dimensions in addition to the dimensions of this
            /// handle. Binding the same dimensions again returns a handle of the same series.
            ///
            /// Bind a series once and keep the handle, if you can: binding takes a lock, and measuring does
            /// not.
            ///
            /// ```
            #[doc = $example]
            /// # Ok::<(), dt_metrics::instrument::BuildError>(())
            /// ```
            ///
            /// # Errors
            ///
            /// If a key is invalid, or if the instrument has a dimension with that key.
            pub fn with(&self, dimensions: impl DimensionList) -> Result<Self, BuildError> {
                Build::build(self.shared.definition.clone().with(&dimensions)?)
            }
        }

        impl sealed::Sealed for $handle {}

        impl Build for $handle {
            const KIND: Kind = Kind::$handle;

            fn build(definition: Definition) -> Result<Self, BuildError> {
                let shared = Shared::new(definition)?;
                Ok(Self { slot: shared.bound.slot(), shared })
            }
        }

        impl fmt::Debug for $handle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($handle))
                    .field("name", &self.shared.made.descriptor.name)
                    .finish_non_exhaustive()
            }
        }
    )+};
}

handles! {
    /// A counter whose name or dimensions are known only at run time: a sum that only grows.
    Counter: r#"let hits = dt_metrics::instrument::Counter::builder("counter.with.hits").build()?;
hits.with([("shard", 3)])?.add(1);"#;
    /// An up-down counter whose name or dimensions are known only at run time: a sum that grows and shrinks.
    UpDownCounter: r#"let jobs = dt_metrics::instrument::UpDownCounter::builder("counter.with.jobs").build()?;
jobs.with([("queue", "mail")])?.add(-1);"#;
    /// A gauge whose name or dimensions are known only at run time: a value that the next value replaces.
    Gauge: r#"let depth = dt_metrics::instrument::Gauge::builder("gauge.with.depth").build()?;
depth.with([("queue", "mail")])?.set(7);"#;
    /// A histogram whose name or dimensions are known only at run time: a distribution of values.
    Histogram: r#"let sizes = dt_metrics::instrument::Histogram::builder("histogram.with.sizes").build()?;
sizes.with([("route", "/orders")])?.record(512);"#;
}

impl Counter {
    /// Adds `n` to the sum. Takes no lock and does not allocate.
    #[inline]
    pub fn add(&self, n: u64) {
        instrument::add_to_slot(self.slot, n);
    }
}

impl UpDownCounter {
    /// Adds `n`, which may be negative, to the sum. Takes no lock and does not allocate.
    #[inline]
    pub fn add(&self, n: i64) {
        instrument::add_signed_to_slot(self.slot, n);
    }
}

impl Gauge {
    /// Sets the value. It replaces the value that any clone or thread has set before. NaN and infinities are
    /// dropped, and counted in `Health` as `not_finite`.
    pub fn set(&self, value: impl Number) {
        instrument::set(self.slot, value.to_f64());
    }

    /// Ends the series that has these dimensions in addition to the dimensions of this handle, at once. Its
    /// pending value is not pushed. `()` ends the series of this handle itself. Setting a value later begins
    /// the series again. If there is no such series, this does nothing.
    ///
    /// ```
    /// use dt_metrics::instrument::Gauge;
    ///
    /// let depth = Gauge::builder("gauge.remove.depth").build()?;
    /// depth.with([("queue", "mail")])?.set(7);
    /// depth.remove([("queue", "mail")]);
    /// # Ok::<(), dt_metrics::instrument::BuildError>(())
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "as `with`, which is written alike"
    )]
    pub fn remove(&self, dimensions: impl DimensionList) {
        // Nothing has a series with a key that is invalid.
        let Ok(definition) = self.shared.definition.clone().with(&dimensions) else {
            return;
        };
        if let Some(made) = instrument::made::find(&definition.shape) {
            made.series.end(&definition.values);
        }
    }
}

impl Histogram {
    /// Records a value in the unit of the instrument. NaN and infinities are dropped, and counted in `Health`
    /// as `not_finite`.
    #[inline]
    pub fn record(&self, value: impl Number) {
        instrument::record(self.slot, value.to_f64());
    }
}

impl Builder<Histogram> {
    /// Sets the upper bounds of the buckets, for OTLP and other exporters that carry buckets: finite numbers
    /// in the unit of the instrument, each greater than the previous number. Any other list is an error of
    /// [`build`](Self::build).
    pub fn boundaries(mut self, boundaries: impl IntoIterator<Item = f64>) -> Self {
        let boundaries = boundaries.into_iter().map(f64::to_bits).collect();
        self.definition.shape.boundaries = Some(boundaries);
        self
    }
}
