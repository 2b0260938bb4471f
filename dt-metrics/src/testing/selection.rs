//! A selection of the series that a capture saw.

use core::fmt;

use crate::descriptor::{Descriptor, Kind};
use crate::instrument::{DimensionValue, OwnedValue, Recorded, RecordedSeries, Value};

/// Some of the recorded series, by their indices in ascending order.
#[derive(Clone)]
pub(super) struct Selection<'a> {
    recorded: &'a Recorded,
    indices: Vec<usize>,
}

impl<'a> Selection<'a> {
    pub(super) fn all(recorded: &'a Recorded) -> Self {
        Self {
            recorded,
            indices: (0..recorded.series.len()).collect(),
        }
    }

    pub(super) fn new(recorded: &'a Recorded, kind: Kind, name: &str) -> Self {
        Self::all(recorded).only(|seen| {
            seen.descriptor.kind == kind && seen.descriptor.name.eq_ignore_ascii_case(name)
        })
    }

    /// Whether there are no such series.
    pub(super) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The series whose dimension `key` has this value; if the value is `None`, the series without
    /// that dimension.
    pub(super) fn with(self, key: &str, value: &impl DimensionValue) -> Self {
        let value = value.dimension_value();
        self.only(|seen| {
            let of_key = |(own, _): &&(&str, OwnedValue)| own.eq_ignore_ascii_case(key);
            match (seen.dimensions.iter().find(of_key), value) {
                (Some((_, own)), Some(value)) => is_same(own.as_value(), value),
                (own, value) => own.is_none() && value.is_none(),
            }
        })
    }

    fn only(mut self, matches: impl Fn(&RecordedSeries) -> bool) -> Self {
        let series = &self.recorded.series;
        self.indices.retain(|index| matches(&series[*index]));
        self
    }

    fn series(&self) -> impl Iterator<Item = &'a RecordedSeries> {
        let series = &self.recorded.series;
        self.indices.iter().map(|index| &series[*index])
    }

    /// The sum of all that was added.
    pub(super) fn sum(&self) -> i128 {
        self.series()
            .fold(0, |sum, seen| sum.saturating_add(seen.sum))
    }

    /// The values that were recorded or set, in that order.
    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = f64> {
        let values = self.recorded.values.iter();
        values
            .filter(|(index, _)| self.indices.binary_search(index).is_ok())
            .map(|(_, value)| *value)
    }

    pub(super) fn summary(&self) -> Summary {
        let mut values = self.values();
        let Some(first) = values.next() else {
            return Summary::default();
        };
        let first = Summary {
            count: 1,
            sum: first,
            min: Some(first),
            max: Some(first),
        };
        values.fold(first, |summary, value| Summary {
            count: summary.count + 1,
            sum: summary.sum + value,
            min: summary.min.map(|min| min.min(value)),
            max: summary.max.map(|max| max.max(value)),
        })
    }

    /// Each series, and its instrument.
    pub(super) fn each(&self) -> impl Iterator<Item = (Self, &'static Descriptor)> + use<'a> {
        let recorded = self.recorded;
        self.indices.clone().into_iter().map(move |index| {
            let one = Self {
                recorded,
                indices: vec![index],
            };
            (one, recorded.series[index].descriptor)
        })
    }

    /// The dimensions of all series, with their values as texts.
    pub(super) fn into_dimensions(self) -> impl Iterator<Item = (&'static str, String)> + use<'a> {
        let recorded = self.recorded;
        let series = self.indices.into_iter();
        series
            .flat_map(|index| recorded.series[index].dimensions.iter())
            .map(|(key, value)| (*key, value.as_value().to_string()))
    }

    /// Shows the only series.
    pub(super) fn fmt_one(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&One(self), f)
    }
}

/// The summary of a distribution.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "count {}, sum {}", self.count, self.sum)?;
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, ", min {min}, max {max}"),
            _ => Ok(()),
        }
    }
}

/// Whether both are equal on the wire, where all values are texts: `200` of any type is `"200"`.
fn is_same(own: Value<'_>, value: Value<'_>) -> bool {
    match (own, value) {
        (Value::Str(own), Value::Str(value)) => own == value,
        (own, value) => own.to_string() == value.to_string(),
    }
}

/// Lists one entry per series, in the order of their first measurement.
impl fmt::Debug for Selection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for (one, _) in self.each() {
            list.entry(&One(&one));
        }
        list.finish()
    }
}

/// A selection of one series.
struct One<'a>(&'a Selection<'a>);

impl fmt::Debug for One<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(seen) = self.0.series().next() else {
            return Ok(());
        };
        write!(f, "{} {}{{", seen.descriptor.kind, seen.descriptor.name)?;
        for (i, (key, value)) in seen.dimensions.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{key}={:?}", value.as_value().to_string())?;
        }
        f.write_str("} = ")?;
        match seen.descriptor.kind {
            Kind::Counter | Kind::UpDownCounter => write!(f, "{}", self.0.sum()),
            Kind::Histogram => write!(f, "{}", self.0.summary()),
            Kind::Gauge => {
                write!(f, "{}", self.0.values().next_back().unwrap_or_default())
            }
        }
    }
}
