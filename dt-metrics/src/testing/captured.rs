//! The result of a capture.

use core::fmt;

use super::lookup;
use super::selection::Selection;
use super::series::Series;
use super::view::{Counter, Gauge, Histogram, UpDownCounter};
use crate::descriptor::Kind;
use crate::instrument::Recorded;

/// The measurements of a capture. Its methods select them by the name of the instrument.
///
/// Names are the names in the annotations, without the exporter's prefix. Names are case-insensitive.
/// Several instruments with the same name and kind are added up. An instrument without measurements has the
/// value zero.
///
/// # Panics
///
/// The methods that take a name panic if the program has no instrument of this kind with this name, and
/// suggest the nearest name: an assertion about a misspelt name would prove nothing.
///
/// `Debug` lists all series, for the message of an assertion:
///
/// ```
/// use dt_metrics::{count, testing::capture};
///
/// let seen = capture(|| count!("lines", 25, dims(kind = "book")));
/// assert_eq!(format!("{seen:?}"), r#"Captured [counter lines{kind="book"} = 25]"#);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Captured(Recorded);

impl Captured {
    pub(super) fn new(recorded: Recorded) -> Self {
        Self(recorded)
    }

    /// Selects the counters with this name. Panics if the program has no such counter.
    #[track_caller]
    pub fn counter(&self, name: &str) -> Counter<'_> {
        Counter(self.select(Kind::Counter, name))
    }

    /// Selects the up-down counters with this name. Panics if the program has no such up-down counter.
    #[track_caller]
    pub fn up_down_counter(&self, name: &str) -> UpDownCounter<'_> {
        UpDownCounter(self.select(Kind::UpDownCounter, name))
    }

    /// Selects the histograms with this name. Panics if the program has no such histogram.
    #[track_caller]
    pub fn histogram(&self, name: &str) -> Histogram<'_> {
        Histogram(self.select(Kind::Histogram, name))
    }

    /// Selects the gauges with this name. Panics if the program has no such gauge.
    #[track_caller]
    pub fn gauge(&self, name: &str) -> Gauge<'_> {
        Gauge(self.select(Kind::Gauge, name))
    }

    #[track_caller]
    fn select(&self, kind: Kind, name: &str) -> Selection<'_> {
        let selection = Selection::new(&self.0, kind, name);
        if selection.is_empty() {
            lookup::require(kind, name);
        }
        selection
    }

    /// Iterates over the series that were measured, in the order of their first measurement.
    ///
    /// ```
    /// use dt_metrics::{count, record, testing::capture};
    ///
    /// let seen = capture(|| {
    ///     count!("lines", 25, dims(kind = "book"));
    ///     record!("weight", 1.5);
    /// });
    /// let lines: Vec<_> = seen.iter().map(|series| series.to_string()).collect();
    /// assert_eq!(lines[0], r#"counter lines{kind="book"} = 25"#);
    /// let weight = seen.iter().find(|series| series.name() == "weight").unwrap();
    /// assert_eq!((weight.value(), weight.values()), (1.5, vec![1.5]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Series<'_>> {
        let all = Selection::all(&self.0);
        all.each()
            .map(|(series, descriptor)| Series::new(series, descriptor))
    }

    /// Returns `true` if the capture contains no measurements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.series.is_empty()
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Captured ")?;
        Selection::all(&self.0).fmt(f)
    }
}
