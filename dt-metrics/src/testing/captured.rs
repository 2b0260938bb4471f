//! What a capture saw.

use core::fmt;

use super::selection::Selection;
use super::view::{Counter, Gauge, Histogram, UpDownCounter};
use crate::descriptor::Kind;
use crate::instrument::Recorded;

/// What a capture saw, by name of instrument.
///
/// Names are those of the annotations, without the exporter's prefix and whatever their case.
/// Several instruments of one name and kind add up. Of a name that was not measured there is
/// nothing: zero.
///
/// Its `Debug` lists all series, for the message of an assertion:
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

    pub(super) fn recorded(&self) -> &Recorded {
        &self.0
    }

    /// The counters of this name.
    pub fn counter(&self, name: &str) -> Counter<'_> {
        Counter(Selection::new(self, Kind::Counter, name))
    }

    /// The up-down counters of this name.
    pub fn up_down_counter(&self, name: &str) -> UpDownCounter<'_> {
        UpDownCounter(Selection::new(self, Kind::UpDownCounter, name))
    }

    /// The histograms of this name.
    pub fn histogram(&self, name: &str) -> Histogram<'_> {
        Histogram(Selection::new(self, Kind::Histogram, name))
    }

    /// The gauges of this name.
    pub fn gauge(&self, name: &str) -> Gauge<'_> {
        Gauge(Selection::new(self, Kind::Gauge, name))
    }

    /// Whether nothing was measured at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.series.is_empty()
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Captured ")?;
        Selection::all(self).fmt(f)
    }
}
