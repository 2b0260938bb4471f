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

/// Begins an observer: a callback that is polled for values once per collection, as functions with
/// [`#[observed]`](macro@crate::observed) are. Use it for values that some object has, such as the
/// size of a pool, and for names that are known only at run time.
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
///   never twice at the same time. Before a pipeline is installed, nothing polls them.
/// - A collection waits for its callbacks for one second at most. A callback that has not returned by then
///   is logged as a warning, and does not hold up other callbacks. The collection uses the latest values of
///   that callback, and the callback is not polled again until it has returned.
/// - A panic in a callback is caught, logged once, and counted as dropped points with the reason
///   `observed_panic`. The callback has no values while it panics.
/// - [`testing::capture`](crate::testing::capture) does not see values of callbacks.
///
/// # When series end
///
/// A gauge that the callback does not record ends: it is missing from the next push. If an up-down
/// counter is not recorded, its level leaves its series, which is 0 then. When you drop the
/// [`Observer`], all of its series end that way.
///
/// A counter is recorded as a total, and the increase is sent. If a total is less than before, it is taken
/// to have begun again at 0. An observer with the same definition as one that has ended goes on with its
/// totals.
#[track_caller]
pub fn observe(name: impl Into<String>) -> ObserverBuilder {
    let mut definition = Definition::new(Kind::Gauge, name.into(), Location::caller());
    definition.shape.floats = true;
    ObserverBuilder(definition)
}

/// Builds an [`Observer`]; from [`observe`].
#[derive(Clone, Debug)]
#[must_use = "a builder observes nothing before `callback()`"]
pub struct ObserverBuilder(Definition);

impl ObserverBuilder {
    /// Sets the unit of the values, in UCUM: `s`, `By`, `{connection}`.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.0.shape.unit = unit.into();
        self
    }

    /// Sets the meaning of the numbers.
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

    /// Adds a dimension to all values. A value that is `None` leaves the dimension out.
    pub fn dimension(mut self, key: impl AsRef<str>, value: impl DimensionValue) -> Self {
        let value = value.dimension_value().map(Value::keep);
        self.0.dimension(key.as_ref(), value);
        self
    }

    /// Overrides the limit of series for this observer, 2,000 by default. Further combinations of
    /// dimensions are merged into an overflow series: sums are added up, and of gauges the last value
    /// counts. 0 means no limit of its own.
    pub fn cardinality_limit(mut self, limit: u32) -> Self {
        self.0.shape.cardinality_limit = limit;
        self
    }

    /// Polls `callback` from now on, until the observer is dropped.
    ///
    /// # Errors
    ///
    /// If the name, the unit, the description or a dimension key is invalid, if the kind is
    /// [`Kind::Histogram`], if another instrument with this name has another kind or unit, or if the
    /// program has made too many instruments.
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

/// The values that a callback records when it is polled.
pub struct Observations<'a> {
    samples: &'a mut Vec<Sample>,
    dimensions: &'a [(Cow<'static, str>, OwnedValue)],
}

impl Observations<'_> {
    /// Records the value of the series with these dimensions: any number, or an `Option` of one, which
    /// records nothing if it is `None`. Use `()` for no further dimension.
    ///
    /// If a series is recorded twice in one poll, the last value counts. A dimension with a key of the
    /// builder replaces the dimension of the builder. An invalid key is sent in its nearest valid form,
    /// as keys of other libraries are.
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

/// A callback that is polled until this is dropped; from [`observe`].
///
/// Drop it on any thread. A poll that is under way goes on, and its values are not used. The callback and
/// everything that it captured are dropped at once, or when that poll returns. To observe for the whole
/// life of the program, keep the observer in `main`, or [`forget`](core::mem::forget) it.
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
