//! Observers: callbacks that are polled once per collection.

use core::fmt;
use core::panic::Location;
use std::borrow::Cow;
use std::sync::Arc;

use super::builder::Definition;
use super::dimensions::DimensionList;
use super::error::BuildError;
use crate::descriptor::Kind;
use crate::instrument::{
    Callback, DimensionValue, Observable, ObservedNumber, OwnedValue, Sample, Value,
};

/// Returns a builder for an observer: a callback that dt-metrics polls for values once per collection, like
/// functions with [`#[observed]`](macro@crate::observed). Use an observer for values of an object, such as
/// the size of a pool, and for names that are known only at run time.
///
/// ```
/// # #[derive(Clone)]
/// # struct Pool;
/// # impl Pool {
/// #     fn idle(&self) -> usize { 3 }
/// #     fn used(&self) -> u32 { 1 }
/// # }
/// # let pool = Pool;
/// let observer = dt_metrics::observe("db.pool.connections")
///     .unit("{connection}")
///     .description("Connections of the pool, by state")
///     .callback(move |o| {
///         o.record(pool.idle(), [("state", "idle")]);
///         o.record(pool.used(), [("state", "used")]);
///     })?;
/// // The callback is polled as long as the observer lives.
/// drop(observer);
/// # Ok::<(), dt_metrics::instrument::BuildError>(())
/// ```
///
/// # When callbacks run
///
/// - Once per collection of each reader, on threads of the library, never on a thread of your program and
///   never twice at the same time. Before a pipeline is installed, callbacks are not polled.
/// - A collection waits for its callbacks for one second at most. A callback that has not returned by then
///   is logged as a warning, and does not hold up other callbacks. The collection uses the latest values of
///   that callback, and the callback is not polled again until it has returned.
/// - A panic in a callback is caught, logged once, and counted as dropped points with the reason
///   `observed_panic`. A poll that panics delivers no values.
/// - [`testing::capture`](crate::testing::capture) does not contain values of callbacks.
///
/// # When series end
///
/// If a poll does not record a gauge, the series of the gauge ends: it is missing from the next push. If a
/// poll does not record an up-down counter, the last recorded value is subtracted from the series, so a
/// series without other sources becomes 0. When you drop the [`Observer`], all of its series end in the same
/// way.
///
/// A callback records a counter as a total, and dt-metrics sends the increase. If a total decreases by more
/// than a rounding error, it is assumed to have begun again at 0. If you build an observer with the same
/// definition as an observer that has ended, the new observer continues the totals of the earlier one.
#[track_caller]
pub fn observe(name: impl Into<String>) -> ObserverBuilder {
    let mut definition = Definition::new(Kind::Gauge, name.into(), Location::caller());
    definition.shape.floats = true;
    ObserverBuilder(definition)
}

/// The definition of an [`Observer`], returned by [`observe`]. [`callback`](Self::callback) starts the
/// observer.
#[derive(Clone, Debug)]
#[must_use = "a builder observes nothing before `callback()`"]
pub struct ObserverBuilder(Definition);

impl ObserverBuilder {
    /// Sets the unit of the values, in UCUM, such as `s`, `By` or `{connection}` (default: none).
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.0.shape.unit = unit.into();
        self
    }

    /// Sets the description: the meaning of the values, in one sentence (default: none).
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.0.shape.description = description.into();
        self
    }

    /// Sets the kind: [`Kind::Gauge`], which is the default, [`Kind::Counter`] for totals that only grow,
    /// or [`Kind::UpDownCounter`] for sums that can be added up over processes.
    ///
    /// ```
    /// use dt_metrics::Kind;
    ///
    /// let _observer = dt_metrics::observe("observer.kind.reads")
    ///     .kind(Kind::Counter)
    ///     .callback(|o| o.record(1_024_u64, ()))?;
    /// # Ok::<(), dt_metrics::instrument::BuildError>(())
    /// ```
    pub fn kind(mut self, kind: Kind) -> Self {
        self.0.shape.kind = kind;
        self
    }

    /// Adds a dimension to all values of the observer. A value that is `None` leaves the dimension out.
    pub fn dimension(mut self, key: impl AsRef<str>, value: impl DimensionValue) -> Self {
        let value = value.dimension_value().map(Value::keep);
        self.0.dimension(key.as_ref(), value);
        self
    }

    /// Sets the largest number of series of this observer (default: the limit of the pipeline, 2,000).
    /// Further combinations of dimensions are merged into one overflow series: values of counters and up-down
    /// counters are added up, and the last value of a gauge counts. 0 selects the default.
    pub fn cardinality_limit(mut self, limit: u32) -> Self {
        self.0.shape.cardinality_limit = limit;
        self
    }

    /// Starts the observer: dt-metrics polls `callback` until you drop the returned [`Observer`].
    ///
    /// # Errors
    ///
    /// - [`BuildError::Invalid`] if the name, the unit, the description or a dimension key is invalid.
    /// - [`BuildError::DimensionTwice`] if two dimensions have the same key.
    /// - [`BuildError::ObservedHistogram`] if the kind is [`Kind::Histogram`].
    /// - [`BuildError::Conflict`] if another instrument with this name has another kind or unit.
    /// - [`BuildError::TooMany`] if the program has built 10,000 different instruments at run time.
    pub fn callback(
        self,
        mut callback: impl FnMut(&mut Observations<'_>) + Send + 'static,
    ) -> Result<Observer, BuildError> {
        let Self(definition) = self;
        if definition.shape.kind == Kind::Histogram {
            return Err(BuildError::ObservedHistogram);
        }
        let descriptor = definition.make()?.descriptor;
        let keys = descriptor.dimension_keys.iter();
        let dimensions: Vec<_> = keys
            .zip(definition.values)
            .filter_map(|(key, value)| {
                let key: &'static str = key;
                Some((Cow::Borrowed(key), value?))
            })
            .collect();
        let function = move |samples: &mut Vec<Sample>| {
            callback(&mut Observations {
                samples,
                dimensions: &dimensions,
            });
        };
        let callback = Callback::register(descriptor, Box::new(function));
        Ok(Observer {
            name: descriptor.name,
            callback,
        })
    }
}

/// The collection of values that a callback receives when it is polled, and into which it records.
pub struct Observations<'a> {
    samples: &'a mut Vec<Sample>,
    dimensions: &'a [(Cow<'static, str>, OwnedValue)],
}

impl Observations<'_> {
    /// Records the value of the series with these dimensions: any number, or an `Option` of a number. `None`
    /// records nothing. Use `()` for no further dimension.
    ///
    /// If a callback records a series twice in one poll, the last value counts. A dimension with the same key
    /// as a dimension of the builder replaces it. An invalid key is sent in its nearest valid form.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "as `with` of handles, which is written alike"
    )]
    pub fn record(&mut self, value: impl ObservedValue, dimensions: impl DimensionList) {
        let Some(number) = value.number() else {
            return;
        };
        let mut all = self.dimensions.to_vec();
        dimensions.for_each(&mut |key, value| {
            all.retain(|(other, _)| other != key);
            if let Some(value) = value {
                all.push((Cow::Owned(key.to_owned()), value));
            }
        });
        self.samples.push(Sample {
            number,
            dimensions: all.into(),
        });
    }
}

impl fmt::Debug for Observations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observations")
            .field("recorded", &self.samples.len())
            .finish_non_exhaustive()
    }
}

/// A number that a callback can record: any integer or float, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that a callback can record",
    label = "record an integer, a float or an `Option` of one"
)]
pub trait ObservedValue: sealed::Sealed {
    #[doc(hidden)]
    fn number(self) -> Option<ObservedNumber>;
}

#[diagnostic::do_not_recommend]
impl<N: Observable> sealed::Sealed for N {}

#[diagnostic::do_not_recommend]
impl<N: Observable> ObservedValue for N {
    fn number(self) -> Option<ObservedNumber> {
        Observable::number(self)
    }
}

mod sealed {
    /// Keeps other crates from implementing [`ObservedValue`](super::ObservedValue).
    pub trait Sealed {}
}

/// A running observer, returned by [`ObserverBuilder::callback`]. Its callback is polled until you drop the
/// observer.
///
/// You can drop an observer on any thread. If a poll is running at this time, its values are not used. The
/// callback and its captured values are dropped at once, or when the running poll returns. To observe for
/// the whole life of the program, keep the observer in `main`, or [`forget`](core::mem::forget) it.
#[must_use = "the callback is polled until the observer is dropped: bind it, as in \
              `let _observer = dt_metrics::observe(…)…`"]
pub struct Observer {
    name: &'static str,
    callback: Arc<Callback>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.callback.end();
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
