//! From the facade's names, labels and descriptions to instruments of dt-metrics.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dt_metrics::instrument::{Build, BuildError, Builder, Counter, Gauge, Histogram};
use dt_metrics::line::{check_description, normalize_dimension_key};
use metrics::{Key, Unit};

/// After so many different warnings there is no further one.
const MOST_WARNINGS: usize = 1_000;

/// An instrument of dt-metrics for one of the facade.
pub(crate) trait Instrument: Build {
    /// Its name in the facade.
    const TYPE: &str;

    fn begin(name: &str) -> Builder<Self>;
}

macro_rules! instruments {
    ($($instrument:ident: $kind:literal)+) => {$(
        impl Instrument for $instrument {
            const TYPE: &str = $kind;

            fn begin(name: &str) -> Builder<Self> {
                Self::builder(name)
            }
        }
    )+};
}

instruments! { Counter: "counter" Gauge: "gauge" Histogram: "histogram" }

/// A program's description of a metric.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description {
    unit: &'static str,
    text: String,
}

/// All descriptions so far.
#[derive(Default)]
pub(crate) struct Descriptions {
    /// By kind and name.
    all: Mutex<HashMap<(&'static str, String), Described>>,
    /// The names that a warning was logged for.
    warned: Mutex<HashSet<String>>,
}

/// A metric that was described, built, or both.
#[derive(Default)]
struct Described {
    description: Description,
    is_built: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Descriptions {
    /// Keeps a description, in place of an earlier one.
    pub(crate) fn add<I: Instrument>(&self, name: &str, unit: Option<Unit>, text: &str) {
        let text = if check_description(text).is_ok() {
            text
        } else {
            ""
        };
        let description = Description {
            unit: unit.map_or("", ucum),
            text: text.to_owned(),
        };
        let mut all = lock(&self.all);
        let described = all.entry((I::TYPE, name.to_owned())).or_default();
        described.description = description.clone();
        let is_built = described.is_built;
        drop(all);
        if is_built {
            // Instruments with the same name are one metric: this one adds unit and description to it.
            self.build_with::<I>(name, &description, &BTreeMap::new());
        }
    }

    /// Builds the instrument of a key. If that is impossible, one warning has the reason.
    pub(crate) fn build<I: Instrument>(&self, key: &Key) -> Option<I> {
        let mut all = lock(&self.all);
        let described = all.entry((I::TYPE, key.name().to_owned())).or_default();
        described.is_built = true;
        let description = described.description.clone();
        drop(all);
        self.build_with(key.name(), &description, &dimensions(key))
    }

    fn build_with<I: Instrument>(
        &self,
        name: &str,
        description: &Description,
        dimensions: &BTreeMap<String, &str>,
    ) -> Option<I> {
        let Description { unit, text } = description;
        let build = |name: &str| {
            let builder = I::begin(name).unit(*unit).description(text.as_str());
            let add = |builder: Builder<I>, (key, value): (&String, &&str)| {
                builder.dimension(key, *value)
            };
            dimensions.iter().fold(builder, add).build()
        };
        let result = match build(name) {
            Err(BuildError::Invalid {
                nearest: Some(nearest),
                ..
            }) => build(&nearest),
            other => other,
        };
        result.map_err(|error| self.warn(name, &error)).ok()
    }

    fn warn(&self, name: &str, error: &BuildError) {
        let mut warned = lock(&self.warned);
        if warned.len() < MOST_WARNINGS && warned.insert(name.to_owned()) {
            drop(warned);
            tracing::warn!(
                target: "dt_metrics",
                "the values of the metric `{name}`, which is recorded with the crate `metrics`, are \
                 dropped: {error}"
            );
        }
    }
}

/// The labels as dimensions, sorted by their key, so that the order of labels makes no difference.
fn dimensions(key: &Key) -> BTreeMap<String, &str> {
    key.labels()
        .filter_map(|label| {
            let key = normalize_dimension_key(label.key())?;
            Some((key.into_owned(), label.value()))
        })
        .collect()
}

/// A unit in UCUM.
fn ucum(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "1",
        Unit::Percent => "%",
        Unit::Seconds => "s",
        Unit::Milliseconds => "ms",
        Unit::Microseconds => "us",
        Unit::Nanoseconds => "ns",
        Unit::Tebibytes => "TiBy",
        Unit::Gibibytes => "GiBy",
        Unit::Mebibytes => "MiBy",
        Unit::Kibibytes => "KiBy",
        Unit::Bytes => "By",
        Unit::TerabitsPerSecond => "Tbit/s",
        Unit::GigabitsPerSecond => "Gbit/s",
        Unit::MegabitsPerSecond => "Mbit/s",
        Unit::KilobitsPerSecond => "kbit/s",
        Unit::BitsPerSecond => "bit/s",
        Unit::CountPerSecond => "1/s",
    }
}

#[cfg(test)]
mod tests;
