//! The result of a capture.

use core::fmt;

use super::selection::Selection;
use super::view::{Counter, Gauge, Histogram, UpDownCounter};
use crate::descriptor::Kind;
use crate::instrument::Recorded;

/// Everything that a capture saw, by the name of the instrument.
///
/// Names are the names in the annotations, without the exporter's prefix, and case-insensitive.
/// Several instruments with the same name and kind are added up. A name that was not measured has
/// the value zero.
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

    /// The counters with this name.
    pub fn counter(&self, name: &str) -> Counter<'_> {
        Counter(Selection::new(&self.0, Kind::Counter, name))
    }

    /// The up-down counters with this name.
    pub fn up_down_counter(&self, name: &str) -> UpDownCounter<'_> {
        UpDownCounter(Selection::new(&self.0, Kind::UpDownCounter, name))
    }

    /// The histograms with this name.
    pub fn histogram(&self, name: &str) -> Histogram<'_> {
        Histogram(Selection::new(&self.0, Kind::Histogram, name))
    }

    /// The gauges with this name.
    pub fn gauge(&self, name: &str) -> Gauge<'_> {
        Gauge(Selection::new(&self.0, Kind::Gauge, name))
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
        Selection::all(&self.0).fmt(f)
    }
}
