//! The serialised dimensions of each series, kept from one collection to the next.

use std::borrow::Cow;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use opentelemetry::KeyValue;

use crate::dynatrace::config::dimensions::{METRICS_SOURCE, Pairs, as_layer};
use crate::dynatrace::encode::lines::fingerprint::{Fingerprint, hash, text};
use crate::dynatrace::encode::lines::generation::Generation;
use crate::dynatrace::encode::lines::resource::Origin;
use crate::dynatrace::encode::warnings::Alterations;
use crate::line::{Dimensions, TooManyDimensions};

/// How many expected series are searched when a point does not belong to the next one.
const LOOK_AHEAD: usize = 8;

/// The origin of a vacant entry.
const NOWHERE: u32 = 0;

/// The number of vacant entries that are never worth compacting.
const FEW: usize = 1_024;

/// The dimensions of a series, including the dimensions of its origin and of every line.
pub(crate) struct CachedDimensions {
    fingerprint: Fingerprint,
    hash: u64,
    origin: u32,
    used: Generation,
    pub(crate) dimensions: Result<Dimensions, TooManyDimensions>,
    /// The alterations that were necessary to send the dimensions.
    pub(crate) altered: Alterations,
}

/// The entries of the series of one metric, in the order of its points. The points of the next
/// collection mostly come in the same order: then no attribute has to be hashed.
#[derive(Default)]
pub(crate) struct PointOrder {
    /// The entries in the previous collection, and the next expected one.
    previous: Vec<u32>,
    next: usize,
    current: Vec<u32>,
}

impl PointOrder {
    pub(crate) fn begin_collection(&mut self) {
        std::mem::swap(&mut self.previous, &mut self.current);
        self.current.clear();
        self.next = 0;
    }

    #[inline]
    fn expected(&self) -> Option<u32> {
        self.previous.get(self.next).copied()
    }

    /// The next point belongs to this entry: the expected one, one that follows if series were left
    /// out, or another one.
    #[inline]
    fn advance(&mut self, entry: u32) {
        let following = self.previous.iter().skip(self.next).take(LOOK_AHEAD);
        if let Some(skipped) = following.copied().position(|expected| expected == entry) {
            self.next += skipped + 1;
        }
        self.current.push(entry);
    }
}

/// Dimensions by origin and attributes.
///
/// Not a [`GenerationCache`](crate::dynatrace::encode::lines::generation::GenerationCache):
/// entries are found by their index, so that a collection that repeats the previous one hashes
/// nothing and reads memory in order.
pub(crate) struct DimensionCache {
    /// Dimensions of every line. All other dimensions win over them.
    defaults: Pairs,
    /// Dimensions of every line that win over all others.
    host: Pairs,
    entries: Vec<CachedDimensions>,
    /// The indexes of vacant entries.
    vacant: Vec<u32>,
    /// The indexes of the other entries, by their hash.
    by_hash: HashTable<u32>,
    hasher: RandomState,
    generation: Generation,
    /// The number of entries that were used in this generation.
    used: usize,
}

impl DimensionCache {
    pub(crate) fn new(defaults: Pairs, host: Pairs) -> Self {
        Self {
            defaults,
            host,
            entries: Vec::new(),
            vacant: Vec::new(),
            by_hash: HashTable::new(),
            hasher: RandomState::default(),
            generation: Generation::default(),
            used: 0,
        }
    }

    /// The dimensions of the next point of the metric that `order` belongs to.
    #[inline]
    pub(crate) fn get(
        &mut self,
        origin: &Origin,
        order: &mut PointOrder,
        attributes: &[&KeyValue],
    ) -> &CachedDimensions {
        let expected = order.expected().filter(|index| {
            let entry = self.entries.get(*index as usize);
            entry.is_some_and(|entry| {
                entry.origin == origin.id && entry.fingerprint.is_of(attributes)
            })
        });
        let index = expected.unwrap_or_else(|| self.find_or_insert(origin, attributes));
        order.advance(index);
        let entry = &mut self.entries[index as usize];
        if entry.used != self.generation {
            entry.used = self.generation;
            self.used += 1;
        }
        entry
    }

    fn find_or_insert(&mut self, origin: &Origin, attributes: &[&KeyValue]) -> u32 {
        let hash = hash(&self.hasher, origin.id, attributes);
        let known = self.by_hash.find(hash, |index| {
            let entry = &self.entries[*index as usize];
            // The SDK returns the attributes in the order of the measurement or sorted by key.
            entry.hash == hash
                && entry.origin == origin.id
                && (entry.fingerprint.is_of(attributes)
                    || entry.fingerprint.is_of_in_any_order(attributes))
        });
        if let Some(index) = known {
            return *index;
        }
        let (fingerprint, dimensions, altered) = self.serialise(origin, attributes);
        self.insert(CachedDimensions {
            fingerprint,
            hash,
            origin: origin.id,
            used: self.generation.previous(),
            dimensions,
            altered,
        })
    }

    fn insert(&mut self, entry: CachedDimensions) -> u32 {
        let hash = entry.hash;
        let index = if let Some(index) = self.vacant.pop() {
            self.entries[index as usize] = entry;
            index
        } else {
            self.entries.push(entry);
            // 2^32 entries do not fit into memory.
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        let entries = &self.entries;
        self.by_hash
            .insert_unique(hash, index, |index| entries[*index as usize].hash);
        index
    }

    pub(crate) fn end_generation(&mut self) {
        // In steady state all entries were used, and none has to be looked at.
        if self.used < self.by_hash.len() {
            self.remove_idle();
        }
        self.used = 0;
        self.generation = self.generation.next();
    }

    fn remove_idle(&mut self) {
        self.by_hash.retain(|index| {
            let entry = &mut self.entries[*index as usize];
            let stays = self.generation.keeps(entry.used);
            if !stays {
                entry.origin = NOWHERE;
                entry.fingerprint = Fingerprint::new(&[]);
                entry.dimensions = Ok(Dimensions::default());
                self.vacant.push(*index);
            }
            stays
        });
        // After many series have ended, the memory of their entries is freed.
        if self.vacant.len() > FEW && self.vacant.len() / 4 * 3 > self.by_hash.len() {
            let mut entries = std::mem::take(&mut self.entries);
            entries.retain(|entry| entry.origin != NOWHERE);
            entries.shrink_to_fit();
            self.vacant = Vec::new();
            self.by_hash = HashTable::with_capacity(entries.len());
            for entry in entries {
                self.insert(entry);
            }
        }
    }

    /// The fingerprint of the attributes, the dimensions of a line, and the alterations that were
    /// necessary. Later layers win.
    fn serialise(
        &self,
        origin: &Origin,
        attributes: &[&KeyValue],
    ) -> (
        Fingerprint,
        Result<Dimensions, TooManyDimensions>,
        Alterations,
    ) {
        let mut altered = Alterations::NONE;
        let mut measured: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for attribute in origin.scope.iter().chain(attributes.iter().copied()) {
            match text(&attribute.value) {
                Some(text) => measured.push((attribute.key.as_str(), text)),
                None => altered = altered | Alterations::ARRAY_ATTRIBUTE,
            }
        }
        let layers = [
            vec![METRICS_SOURCE],
            as_layer(&origin.resource),
            as_layer(&self.defaults),
            measured.iter().map(|(key, text)| (*key, &**text)).collect(),
            as_layer(&self.host),
        ];
        for (key, value) in layers.iter().flatten() {
            altered = altered | Alterations::of_dimension(key, value);
        }
        let dimensions = Dimensions::from_layers(&layers.each_ref().map(|layer| &**layer));
        // A copy has its exact size and lies next to the copy of the previous series: reading such
        // copies in order, as each collection does, takes half the time. The fingerprint is made
        // before texts of this function are freed, so that it lies there as well.
        (Fingerprint::new(attributes), dimensions.clone(), altered)
    }
}

#[cfg(test)]
mod tests;
