//! Sets of dimensions, serialised once: series repeat from cycle to cycle.

use crate::dynatrace::config::dimensions::METRICS_SOURCE;
use crate::dynatrace::config::dimensions::Pairs;
use crate::dynatrace::config::dimensions::as_layer;
use crate::dynatrace::encode::lines::fingerprint::{Fingerprint, hash, text};
use crate::dynatrace::encode::lines::resource::Origin;
use crate::dynatrace::encode::warnings::Altered;
use crate::line::{Dimensions, TooManyDimensions};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use opentelemetry::KeyValue;
use std::borrow::Cow;

/// For how many cycles a set stays that is not used.
const IDLE_CYCLES: u32 = 2;

/// How far ahead a series is looked for when those before it were left out.
const LOOK_AHEAD: usize = 8;

/// The origin of a place without a set.
const NOWHERE: u32 = 0;

/// So many places without a set are no matter.
const FEW: usize = 1_024;

/// The dimensions of a series, serialised, with those of its origin and of every line.
pub(crate) struct Set {
    fingerprint: Fingerprint,
    hash: u64,
    origin: u32,
    used: u32,
    pub(crate) dimensions: Result<Dimensions, TooManyDimensions>,
    pub(crate) altered: Altered,
}

impl Set {
    fn vacant() -> Self {
        Self {
            fingerprint: Fingerprint::empty(),
            hash: 0,
            origin: NOWHERE,
            used: 0,
            dimensions: Ok(Dimensions::default()),
            altered: Altered::NOTHING,
        }
    }

    #[inline]
    fn is_of<'a>(&self, origin: &Origin, attributes: impl Iterator<Item = &'a KeyValue>) -> bool {
        self.origin == origin.id && self.fingerprint.is_of(attributes)
    }

    /// The same whatever the order: the SDK gives the attributes of a series in the order in which
    /// they were measured or in that of their keys, as it happens.
    fn is_of_in_any_order<'a, A>(&self, origin: &Origin, attributes: &impl Fn() -> A) -> bool
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        self.is_of(origin, attributes())
            || self.origin == origin.id && self.fingerprint.is_of_in_any_order(attributes)
    }
}

/// The places of the sets of one metric, in the order of its points. The points of the next
/// collection mostly come in the same order: then nothing has to be hashed.
#[derive(Default)]
pub(crate) struct Order {
    last: Vec<u32>,
    at: usize,
    current: Vec<u32>,
}

impl Order {
    pub(crate) fn begin_cycle(&mut self) {
        std::mem::swap(&mut self.last, &mut self.current);
        self.current.clear();
        self.at = 0;
    }

    /// The next point has the set that was expected.
    #[inline]
    fn next(&mut self) -> u32 {
        let place = self.last[self.at];
        self.at += 1;
        self.current.push(place);
        place
    }

    /// The next point had its set there.
    fn found(&mut self, place: u32) {
        let ahead = self.last.get(self.at..).unwrap_or_default();
        if let Some(skipped) = ahead
            .iter()
            .take(LOOK_AHEAD)
            .position(|expected| *expected == place)
        {
            self.at += skipped + 1;
        }
        self.current.push(place);
    }
}

/// Dimensions by origin and attributes.
pub(crate) struct Sets {
    /// Of every line, the first to lose.
    defaults: Pairs,
    /// Of every line, the last to lose.
    host: Pairs,
    places: Vec<Set>,
    /// Those places that are vacant.
    free: Vec<u32>,
    /// The others, by the hash of their sets.
    known: HashTable<u32>,
    hasher: RandomState,
    cycle: u32,
    used: usize,
}

impl Sets {
    pub(crate) fn new(defaults: Pairs, host: Pairs) -> Self {
        Self {
            defaults,
            host,
            places: Vec::new(),
            free: Vec::new(),
            known: HashTable::new(),
            hasher: RandomState::default(),
            cycle: 0,
            used: 0,
        }
    }

    /// The set of a point with these attributes, the next one in `order`.
    #[inline]
    pub(crate) fn get<'a, A>(
        &mut self,
        origin: &Origin,
        order: &mut Order,
        attributes: &impl Fn() -> A,
    ) -> &Set
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        let expected = order
            .last
            .get(order.at)
            .and_then(|place| self.places.get(*place as usize));
        let place = match expected {
            Some(set) if set.is_of(origin, attributes()) => order.next(),
            _ => {
                let place = self.find(origin, attributes);
                order.found(place);
                place
            }
        };
        let set = &mut self.places[place as usize];
        if set.used != self.cycle {
            set.used = self.cycle;
            self.used += 1;
        }
        set
    }

    /// The place of a set, which is made if there is none.
    fn find<'a, A>(&mut self, origin: &Origin, attributes: &impl Fn() -> A) -> u32
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        let hash = hash(&self.hasher, origin.id, attributes());
        let known = self.known.find(hash, |place| {
            let set = &self.places[*place as usize];
            set.hash == hash && set.is_of_in_any_order(origin, attributes)
        });
        if let Some(place) = known {
            return *place;
        }
        let (dimensions, altered) = self.serialise(origin, attributes());
        let set = Set {
            fingerprint: Fingerprint::new(attributes),
            hash,
            origin: origin.id,
            used: self.cycle.wrapping_sub(1),
            dimensions,
            altered,
        };
        self.put(set)
    }

    fn put(&mut self, set: Set) -> u32 {
        let hash = set.hash;
        let place = if let Some(place) = self.free.pop() {
            self.places[place as usize] = set;
            place
        } else {
            self.places.push(set);
            // Four thousand million sets fit no memory.
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        };
        let places = &self.places;
        self.known
            .insert_unique(hash, place, |place| places[*place as usize].hash);
        place
    }

    pub(crate) fn end_cycle(&mut self) {
        // In steady state all were used, and there is nothing to look for.
        if self.used < self.known.len() {
            self.drop_idle();
        }
        self.used = 0;
        self.cycle = self.cycle.wrapping_add(1);
    }

    fn drop_idle(&mut self) {
        let Self {
            places,
            free,
            known,
            cycle,
            ..
        } = self;
        known.retain(|place| {
            let set = &mut places[*place as usize];
            let stays = cycle.wrapping_sub(set.used) < IDLE_CYCLES;
            if !stays {
                *set = Set::vacant();
                free.push(*place);
            }
            stays
        });
        // After many series have gone, their places go too.
        if free.len() > FEW && free.len() / 4 * 3 > known.len() {
            let mut sets = std::mem::take(places);
            sets.retain(|set| set.origin != NOWHERE);
            sets.shrink_to_fit();
            self.free = Vec::new();
            self.known = HashTable::with_capacity(sets.len());
            for set in sets {
                self.put(set);
            }
        }
    }

    /// The dimensions of a line, and what was altered to make them. Later layers win.
    fn serialise<'a>(
        &self,
        origin: &Origin,
        attributes: impl Iterator<Item = &'a KeyValue>,
    ) -> (Result<Dimensions, TooManyDimensions>, Altered) {
        let mut altered = Altered::NOTHING;
        let measured: Vec<(&str, Cow<'_, str>)> = origin
            .scope
            .iter()
            .chain(attributes.map(|attribute| -> &KeyValue { attribute }))
            .filter_map(|attribute| {
                let text = text(&attribute.value);
                if text.is_none() {
                    altered = altered | Altered::ARRAY_ATTRIBUTE;
                }
                Some((attribute.key.as_str(), text?))
            })
            .collect();
        let measured = measured.iter().map(|(key, text)| (*key, &**text)).collect();
        let layers: [Vec<(&str, &str)>; 5] = [
            vec![METRICS_SOURCE],
            as_layer(&origin.resource),
            as_layer(&self.defaults),
            measured,
            as_layer(&self.host),
        ];
        for (key, value) in layers.iter().flatten() {
            altered = altered | Altered::of_dimension(key, value);
        }
        let made = Dimensions::from_layers(&layers.each_ref().map(|layer| &**layer));
        // A copy has its exact size and lies behind that of the series before: read in order, as
        // they are in each cycle, such copies cost half the time.
        (made.clone(), altered)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests;
