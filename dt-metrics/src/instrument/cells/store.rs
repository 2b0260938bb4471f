//! The one store of the process: every slot, and the series that the slot counts.

use super::slots::{SlotTable, Slots};
use super::sync::Mutex;
use crate::descriptor::{Descriptor, Kind};
use crate::instrument::dimension::value::OwnedValue;
#[cfg(feature = "dynatrace")]
use crate::process::Claim;

pub(crate) static SLOTS: Slots<Series> = Slots {
    table: Mutex::new(SlotTable::new()),
};

/// The process whose measurements the slots hold. A forked child inherits its parent's, and the
/// parent delivers them.
#[cfg(feature = "dynatrace")]
pub(crate) static MEASURED_BY: Claim = Claim::none();

/// The dimension that marks the overflow series, as OpenTelemetry names it.
const OVERFLOW: [(&str, OwnedValue); 1] = [("otel.metric.overflow", OwnedValue::Bool(true))];

/// Whoever gave series their slots, and must hear that a series has retired.
pub(crate) trait SeriesOwner: Sync {
    /// Gives the places of series that have retired to others. `slots` is sorted.
    fn forget(&self, slots: &[u32]);
}

/// One series: an instrument and the values of its dimensions.
pub(crate) struct Series {
    /// The instrument.
    pub(crate) descriptor: &'static Descriptor,
    /// Keys and values, in the order written.
    pub(crate) dimensions: Box<[(&'static str, OwnedValue)]>,
    /// Whether this is the overflow series, which stands for all combinations beyond the limit.
    pub(crate) overflow: bool,
    /// Whether this is one combination beyond the limit, which only a capture tells apart.
    beyond_limit: bool,
    /// The last value of a gauge.
    pub(crate) last: Option<f64>,
    /// The owner of the slot, if the series may retire.
    pub(crate) owner: Option<&'static dyn SeriesOwner>,
}

impl Series {
    /// The series of one combination of values. A value that is `None` is no dimension.
    pub(crate) fn new(
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
            beyond_limit: false,
            last: None,
            owner: None,
        }
    }

    /// The overflow series of an instrument.
    pub(crate) fn overflow(descriptor: &'static Descriptor) -> Self {
        Self {
            dimensions: Box::new(OVERFLOW),
            overflow: true,
            ..Self::new(descriptor, core::iter::empty())
        }
    }

    /// Marks this combination as one beyond the limit: a capture sees its dimensions, and the
    /// pipeline exports it as overflow.
    pub(crate) fn beyond_limit(self) -> Self {
        Self {
            beyond_limit: true,
            ..self
        }
    }

    /// Whether the pipeline exports this series as the overflow series.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn is_exported_as_overflow(&self) -> bool {
        self.overflow || self.beyond_limit
    }

    /// The dimensions to export.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn exported(&self) -> &[(&'static str, OwnedValue)] {
        if self.beyond_limit {
            &OVERFLOW
        } else {
            &self.dimensions
        }
    }

    /// Whether the sum of the series' cells is the number of its running timers. A histogram keeps
    /// its values in rings, so its cells are free for that.
    pub(crate) fn counts_timers(&self) -> bool {
        self.descriptor.kind == Kind::Histogram
    }
}

/// Runs `f` with the descriptor of every instrument that has been used. `f` must not measure.
pub(crate) fn for_each_descriptor(mut f: impl FnMut(&'static Descriptor)) {
    for (_, entry) in SLOTS.lock().entries() {
        f(entry.series.descriptor);
    }
}

/// Whether an instrument with this name, which is case-insensitive, has reached its limit of series.
#[cfg(feature = "dynatrace")]
pub(crate) fn has_overflow_series(name: &str) -> bool {
    SLOTS.lock().entries().any(|(_, entry)| {
        let series = &entry.series;
        series.is_exported_as_overflow() && series.descriptor.name.eq_ignore_ascii_case(name)
    })
}

/// All that was ever added to the counters with this name.
#[cfg(test)]
pub(crate) fn total(name: &str) -> u64 {
    let slots = SLOTS.lock();
    slots
        .entries()
        .filter(|(_, entry)| entry.series.descriptor.name == name)
        .fold(0, |sum, (slot, _)| sum + slots.total(slot))
}
