//! Histograms of the SDK that are bound to the attributes of one series. The SDK does not look up the attributes
//! of each value then, which saves most of the time if the series has many values.
//!
//! The SDK keeps a series as long as a histogram is bound to it, and values of a series that was bound while the
//! limit of series was reached stay in the overflow series. So histograms are bound only between two
//! collections. Slots are given to other series only in collections, so a slot stands for one series meanwhile.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Histogram};

/// One histogram is bound for so many values: a binding costs about as much as the look-ups of a dozen values.
const VALUES_PER_BINDING: usize = 32;

/// The most bound histograms, of about 300 bytes each.
const MOST: usize = 1_024;

/// The bound histograms, by slot.
#[derive(Default)]
pub(super) struct BoundHistograms {
    by_slot: HashMap<u32, BoundHistogram<f64>, RandomState>,
    /// Values that were offered since the last binding.
    offered: usize,
}

impl BoundHistograms {
    /// The histogram of a slot, if it is bound.
    pub(super) fn get(&self, slot: u32) -> Option<&BoundHistogram<f64>> {
        self.by_slot.get(&slot)
    }

    /// Takes note of `values` of a slot that is not bound, and binds its histogram if enough values came since the
    /// last binding. So most values of a series are recorded through a bound histogram if it has many, in whatever
    /// order the values of all series come.
    pub(super) fn offer(
        &mut self,
        slot: u32,
        values: usize,
        histogram: &Histogram<f64>,
        attributes: &[KeyValue],
    ) -> Option<&BoundHistogram<f64>> {
        self.offered += values;
        if self.offered < VALUES_PER_BINDING || self.by_slot.len() >= MOST {
            return None;
        }
        self.offered = 0;
        let bound = self.by_slot.entry(slot);
        Some(bound.or_insert_with(|| histogram.bind(attributes)))
    }

    /// Gives all bound histograms back.
    pub(super) fn release(&mut self) {
        self.by_slot.clear();
        self.offered = 0;
    }
}

#[cfg(test)]
mod tests;
