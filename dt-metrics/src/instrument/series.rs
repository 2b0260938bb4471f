//! What a slot counts.

use super::value::OwnedValue;
use crate::descriptor::Descriptor;

/// One series: an instrument and the values of its dimensions.
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "read by the pipeline")
)]
pub(crate) struct Series {
    /// The instrument.
    pub(crate) descriptor: &'static Descriptor,
    /// Keys and values, in the order written.
    pub(crate) dimensions: Box<[(&'static str, OwnedValue)]>,
    /// Whether it stands for all combinations beyond the limit.
    pub(crate) overflow: bool,
}

impl Series {
    /// The series of one combination of values. A value that is `None` is no dimension.
    pub(super) fn new(
        descriptor: &'static Descriptor,
        values: impl Iterator<Item = Option<OwnedValue>>,
    ) -> Self {
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
        }
    }

    /// The series for what is beyond the limit, as OpenTelemetry marks it.
    pub(super) fn overflow(descriptor: &'static Descriptor) -> Self {
        let dimensions = Box::new([("otel.metric.overflow", OwnedValue::Bool(true))]);
        Self {
            descriptor,
            dimensions,
            overflow: true,
        }
    }
}
