//! Counters that did not move, for those who want to see them.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::line::{Dimensions, MetricKey};

/// The most memory for the series that are remembered: about 100,000 of them.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What a series takes besides its text.
const OVERHEAD: usize = 96;

/// The instrument that makes the SDK export a collection in which nothing else happened. It is
/// never sent.
pub(crate) const PULSE: &str = "dt_metrics.pulse";

/// Each series of a counter that was seen.
#[derive(Default)]
pub(super) struct Zeros {
    known: HashTable<Series>,
    bytes: usize,
    hasher: RandomState,
    cycle: u32,
}

struct Series {
    resource_id: u32,
    key: MetricKey,
    dimensions: Dimensions,
    used: u32,
}

impl Zeros {
    /// This series has a line in this cycle. `false` if there is no room to remember it.
    pub(super) fn seen(
        &mut self,
        resource_id: u32,
        key: &MetricKey,
        dimensions: &Dimensions,
    ) -> bool {
        let Self {
            known,
            bytes,
            hasher,
            cycle,
        } = self;
        let hash = |key: &MetricKey, dimensions: &Dimensions| {
            hasher.hash_one((key.as_str(), dimensions.as_str()))
        };
        let its_hash = hash(key, dimensions);
        let is_it = |series: &Series| {
            series.resource_id == resource_id
                && series.key == *key
                && series.dimensions == *dimensions
        };
        if let Some(series) = known.find_mut(its_hash, is_it) {
            series.used = *cycle;
            return true;
        }
        let size = key.as_str().len() + dimensions.as_str().len() + OVERHEAD;
        if *bytes + size > MAX_BYTES {
            return false;
        }
        *bytes += size;
        let series = Series {
            resource_id,
            key: key.clone(),
            dimensions: dimensions.clone(),
            used: *cycle,
        };
        known.insert_unique(its_hash, series, |series| {
            hash(&series.key, &series.dimensions)
        });
        true
    }

    /// The series of this resource that had no line in this cycle, which ends.
    pub(super) fn end_cycle(
        &mut self,
        resource_id: u32,
    ) -> impl Iterator<Item = (&MetricKey, &Dimensions)> {
        let cycle = self.cycle;
        self.cycle = cycle.wrapping_add(1);
        self.known
            .iter()
            .filter(move |series| series.resource_id == resource_id && series.used != cycle)
            .map(|series| (&series.key, &series.dimensions))
    }
}

#[cfg(test)]
mod tests;
