//! What a slot counts.

use super::many::Many;
use super::value::OwnedValue;
use crate::descriptor::{Descriptor, Kind};

/// What marks a series beyond the limit.
const OVERFLOW: [(&str, OwnedValue); 1] = [("otel.metric.overflow", OwnedValue::Bool(true))];

/// One series: an instrument and the values of its dimensions.
pub(crate) struct Series {
    /// The instrument.
    pub(crate) descriptor: &'static Descriptor,
    /// Keys and values, in the order written.
    pub(crate) dimensions: Box<[(&'static str, OwnedValue)]>,
    /// Whether it stands for all combinations beyond the limit.
    pub(crate) overflow: bool,
    /// Whether it is one of those, which a capture tells apart.
    beyond: bool,
    /// The last value of a gauge.
    pub(crate) last: Option<f64>,
    /// Who gives it a place, if it may come and go.
    pub(super) owner: Option<&'static Many>,
}

impl Series {
    /// The series of one combination of values. A value that is `None` is no dimension.
    pub(super) fn new(
        descriptor: &'static Descriptor,
        values: impl Iterator<Item = Option<OwnedValue>>,
    ) -> Self {
        let descriptor = descriptor.named();
        let dimensions = descriptor
            .dimension_keys
            .iter()
            .zip(values)
            .filter_map(|(key, value)| Some((*key, value?)))
            .collect();
        Self {
            descriptor,
            dimensions,
            overflow: false,
            beyond: false,
            last: None,
            owner: None,
        }
    }

    /// The series for what is beyond the limit, as OpenTelemetry marks it.
    pub(super) fn overflow(descriptor: &'static Descriptor) -> Self {
        Self {
            dimensions: Box::new(OVERFLOW),
            overflow: true,
            ..Self::new(descriptor, core::iter::empty())
        }
    }

    /// The same for one combination that a capture sees as it is.
    pub(super) fn beyond_limit(self) -> Self {
        Self {
            beyond: true,
            ..self
        }
    }

    /// The dimensions to export.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn exported(&self) -> &[(&'static str, OwnedValue)] {
        if self.beyond {
            &OVERFLOW
        } else {
            &self.dimensions
        }
    }

    /// Whether the sum of its cells says how much of it is going on: a histogram's cells count
    /// its timers.
    pub(super) fn is_pinned_by_sum(&self) -> bool {
        self.descriptor.kind == Kind::Histogram
    }
}
