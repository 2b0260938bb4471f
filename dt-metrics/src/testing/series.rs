//! One series, as a capture saw it.

use core::fmt;

use super::selection::Selection;
use crate::descriptor::{Descriptor, Kind};

/// One series of a capture, returned by [`Captured::iter`](super::Captured::iter).
///
/// `Display` prints the series on one line.
#[derive(Clone)]
#[must_use]
pub struct Series<'a> {
    selection: Selection<'a>,
    descriptor: &'static Descriptor,
}

impl<'a> Series<'a> {
    pub(super) fn new(selection: Selection<'a>, descriptor: &'static Descriptor) -> Self {
        Self {
            selection,
            descriptor,
        }
    }

    /// Returns the name of the instrument, without the exporter's prefix.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.descriptor.name
    }

    /// Returns the kind of the instrument.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.descriptor.kind
    }

    /// Returns the descriptor of the instrument: unit, description, and the place in the source.
    #[must_use]
    pub fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    /// Iterates over the keys and values of the dimensions, in the order written. Values are texts, as they
    /// are sent.
    pub fn dimensions(&self) -> impl Iterator<Item = (&'static str, String)> + use<'a> {
        self.selection.clone().into_dimensions()
    }

    /// Returns the value of the dimension `key`, or `None` if the series does not have this dimension.
    #[must_use]
    pub fn dimension(&self, key: &str) -> Option<String> {
        let mut dimensions = self.dimensions();
        let (_, value) = dimensions.find(|(own, _)| own.eq_ignore_ascii_case(key))?;
        Some(value)
    }

    /// Returns the sum of a counter, an up-down counter or a histogram, or the last value of a gauge.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest `f64`, as all values"
    )]
    pub fn value(&self) -> f64 {
        match self.descriptor.kind {
            Kind::Counter | Kind::UpDownCounter => self.selection.sum() as f64,
            Kind::Histogram => self.selection.summary().sum,
            Kind::Gauge => self.selection.values().next_back().unwrap_or_default(),
        }
    }

    /// Returns the values of a histogram or a gauge, in the order recorded; empty for other kinds.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.selection.values().collect()
    }
}

impl fmt::Display for Series<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.selection.fmt_one(f)
    }
}

impl fmt::Debug for Series<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
