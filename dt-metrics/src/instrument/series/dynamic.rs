//! An instrument with dimensions that are known at run time: any number of series up to a limit.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};

use foldhash::fast::RandomState;

use super::cache::CacheKey;
use super::table::Table;
use crate::descriptor::{Descriptor, Kind, SeriesCount};
use crate::instrument::cells::busy::{self, Mutex, MutexGuard};
use crate::instrument::cells::chunk::MAX_SLOTS;
use crate::instrument::cells::deferred::{Key, Late, on_behalf};
use crate::instrument::cells::entry::Lifetime;
use crate::instrument::cells::sink;
use crate::instrument::cells::store::{SLOTS, Series, SeriesOwner};
use crate::instrument::cells::thread::{self, NO_SLOT};
use crate::instrument::dimension::set::{self, Combination, DimensionSet, KeptSet, OwnedSet};
use crate::instrument::dimension::value::{OwnedValue, Value};

/// The most series of an instrument that has no limit of its own, as in OpenTelemetry's SDK.
static CARDINALITY_LIMIT: AtomicU32 = AtomicU32::new(2_000);

/// Combinations of types with few values get consecutive slots up to this number of them.
const MAX_RANGE: usize = 1_024;

/// Seeded differently in each process, so that nobody can choose values that collide.
static HASHER: OnceLock<RandomState> = OnceLock::new();

/// How long the slot is the slot of the values that a measurement has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stay {
    /// For ever.
    Forever,
    /// Until the measurement is done.
    ForNow,
    /// There is no slot yet, and this thread is busy: the measurement is deferred.
    Unknown,
}

/// Sets the limit for instruments that have no limit of their own. Existing series stay.
#[cfg(feature = "dynatrace")]
pub(crate) fn set_cardinality_limit(limit: u32) {
    CARDINALITY_LIMIT.store(limit, Ordering::Relaxed);
}

/// The most series of an instrument.
pub(crate) fn cardinality_limit(descriptor: &Descriptor) -> usize {
    match descriptor.cardinality_limit {
        0 => CARDINALITY_LIMIT.load(Ordering::Relaxed) as usize,
        limit => limit as usize,
    }
}

/// The series of an instrument.
pub(crate) struct DynamicSeries {
    descriptor: Descriptor,
    /// Whether all its series, of any kind, end when they are no longer used: handles keep their
    /// series alive.
    is_bound: bool,
    /// In key order; a value that is `None` here is in the set of each call.
    template: &'static [Option<Value<'static>>],
    /// Consecutive slots, if the types that came first have few values.
    range: OnceLock<Option<Range>>,
    /// The range's signature for the hit path; 0 until the range is made.
    signature: AtomicU64,
    /// The range's first slot for the hit path.
    base: AtomicU32,
    cache: CacheKey,
    table: Mutex<Table>,
}

/// Consecutive slots, one for each combination of the values of some types.
struct Range {
    signature: u64,
    base: u32,
}

impl DynamicSeries {
    pub(crate) const fn new(
        descriptor: Descriptor,
        template: &'static [Option<Value<'static>>],
    ) -> Self {
        Self {
            descriptor: match descriptor.series {
                SeriesCount::Open => descriptor.with_series(SeriesCount::AtFirstUse),
                _ => descriptor,
            },
            is_bound: false,
            template,
            // The compiler evaluates each of these blocks once, not once for each annotation.
            range: const { OnceLock::new() },
            signature: const { AtomicU64::new(0) },
            base: const { AtomicU32::new(NO_SLOT) },
            cache: const { CacheKey::new() },
            table: const { Mutex::new(Table::new()) },
        }
    }

    /// The number of series is known: no other values are in the set of any call.
    pub(crate) const fn limit_series(&mut self, series: u32) {
        self.descriptor.series = SeriesCount::AtMost(series);
    }

    /// Series for handles, with all values in the set of each call.
    pub(super) fn leak(descriptor: Descriptor, dimensions: usize) -> &'static Self {
        let template = vec![None; dimensions].leak();
        let mut series = Self::new(descriptor, template);
        series.is_bound = true;
        // Any number of handles, each with a series of its own. A callback with the same definition
        // has any dimensions.
        series.descriptor.series = SeriesCount::Open;
        Box::leak(Box::new(series))
    }

    pub(crate) const fn descriptor(&'static self) -> &'static Descriptor {
        &self.descriptor
    }

    /// Runs `f` with the slot of `values`, which stays their slot until `f` returns, or longer.
    #[inline]
    pub(crate) fn with_slot<S: DimensionSet, R>(
        &'static self,
        values: &S,
        f: impl FnOnce(u32, Stay) -> R,
    ) -> R {
        if const { in_range::<S>() } {
            // The index is all that is needed: as no address of a value is taken, the values stay in
            // registers. It is computed first, since reads do not move across the acquire below.
            let index = index(values);
            // Acquire: whoever sees the signature also sees the base.
            if self.signature.load(Ordering::Acquire) == S::SIGNATURE {
                return f(self.base.load(Ordering::Relaxed) + index, Stay::Forever);
            }
            return self.with_slot_first::<S, R>(index, f);
        }
        self.with_slot_known(values, f)
    }

    /// The path of the first calls, and of instances of a generic function whose types do not
    /// own the range. It is separate, so that the hit path is short.
    #[cold]
    #[inline(never)]
    fn with_slot_first<S: DimensionSet, R>(
        &'static self,
        index: u32,
        f: impl FnOnce(u32, Stay) -> R,
    ) -> R {
        let make = || {
            let _busy = busy::enter()?;
            Some(self.range.get_or_init(|| self.make_range::<S>()))
        };
        let Some(range) = self.range.get().or_else(make) else {
            let key = Key::Index(S::SIGNATURE, index);
            return on_behalf(self, key, || f(NO_SLOT, Stay::Unknown));
        };
        match range {
            Some(range) if range.signature == S::SIGNATURE => {
                self.base.store(range.base, Ordering::Relaxed);
                self.signature.store(range.signature, Ordering::Release);
                f(range.base + index, Stay::Forever)
            }
            _ => self.with_slot_known(&Combination::<S>::new(index), f),
        }
    }

    #[inline]
    fn with_slot_known<S: DimensionSet, R>(
        &'static self,
        values: &S,
        f: impl FnOnce(u32, Stay) -> R,
    ) -> R {
        match HASHER.get() {
            Some(hasher) => self.with_slot_hashed(set::hash(values, hasher), values, f),
            None => self.with_slot_of_first(values, f),
        }
    }

    /// The path of the first measurement with such dimensions.
    #[cold]
    #[inline(never)]
    fn with_slot_of_first<S: DimensionSet, R>(
        &'static self,
        values: &S,
        f: impl FnOnce(u32, Stay) -> R,
    ) -> R {
        match Self::hash(values) {
            Some(hash) => self.with_slot_hashed(hash, values, f),
            None => f(NO_SLOT, Stay::Unknown),
        }
    }

    #[inline]
    fn with_slot_hashed<S: DimensionSet, R>(
        &'static self,
        hash: u64,
        values: &S,
        f: impl FnOnce(u32, Stay) -> R,
    ) -> R {
        match self.cache.find(hash, values) {
            Some(slot) => f(slot, Stay::ForNow),
            None => self.with_slot_cold(hash, values, f),
        }
    }

    /// The hash of `values`; `None` if this thread is busy, and nothing was ever hashed.
    #[inline]
    pub(super) fn hash<S: DimensionSet>(values: &S) -> Option<u64> {
        let hasher = HASHER.get().or_else(make_hasher)?;
        Some(set::hash(values, hasher))
    }

    /// The slot of the first combination of `S`, if its combinations have consecutive slots by now.
    pub(crate) fn first_slot<S: DimensionSet>(&self) -> Option<u32> {
        // Acquire: whoever sees the signature also sees the base.
        let is_known = self.signature.load(Ordering::Acquire) == S::SIGNATURE;
        is_known.then(|| self.base.load(Ordering::Relaxed))
    }

    /// The slot of a combination, if it has one.
    pub(super) fn known<S: DimensionSet>(&self, hash: u64, values: &S) -> Option<u32> {
        let _busy = busy::enter();
        let found = self.table().find(hash, self, |kept| values.is(kept));
        found.map(|(slot, _)| slot)
    }

    /// Whether idle series retire. Up-down counters are exported as totals and gauges as last
    /// values, so their series stay.
    fn is_evictable(&self) -> bool {
        self.is_bound || matches!(self.descriptor.kind, Kind::Counter | Kind::Histogram)
    }

    fn limit(&self) -> usize {
        cardinality_limit(&self.descriptor)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    #[inline(never)]
    fn with_slot_cold<S: DimensionSet, R>(
        &'static self,
        hash: u64,
        values: &S,
        f: impl FnOnce(u32, Stay) -> R,
    ) -> R {
        let Some(busy) = busy::enter() else {
            return on_behalf(self, Key::Hash(hash), || f(NO_SLOT, Stay::Unknown));
        };
        let (slot, held) = self.slot(hash, values);
        sink::prepare(slot);
        drop(busy);
        let stay = match held {
            Some(_) => Stay::ForNow,
            None => Stay::Forever,
        };
        let result = f(slot, stay);
        let _busy = busy::enter();
        if let Some(values) = held
            && !self.remember(hash, values, slot)
        {
            SLOTS.lock().let_go(slot);
        }
        result
    }

    /// Lets this thread find the slot in its cache from now on.
    fn remember(&self, hash: u64, values: KeptSet, slot: u32) -> bool {
        let hasher = HASHER.get_or_init(RandomState::default);
        CacheKey::is_there() && self.cache.insert(hash, values, slot, hasher)
    }

    /// The slot of a combination, and its values if it is held now. Beyond the limit it is the slot of the
    /// overflow series, which stays and need not be held.
    pub(super) fn slot<S: DimensionSet>(
        &'static self,
        hash: u64,
        values: &S,
    ) -> (u32, Option<KeptSet>) {
        let mut table = self.table();
        if let Some((slot, kept)) = table.find(hash, self, |kept| values.is(kept)) {
            if SLOTS.lock().hold(slot) {
                return (slot, Some(kept));
            }
            // It retired just now, and is about to be forgotten.
            table.remove(hash, slot);
        }
        // A capture sees each combination separately; the pipeline does not.
        let beyond = table.len() >= self.limit();
        if beyond && !thread::is_captured() {
            let overflow = table.overflow.get_or_insert_with(|| {
                let series = Series::overflow(&self.descriptor, self);
                let slot = SLOTS.lock().register(series, Lifetime::Static);
                slot.unwrap_or(NO_SLOT)
            });
            return (*overflow, None);
        }
        let mut kept = Vec::with_capacity(self.template.len());
        values.keep(&mut kept);
        let kept = KeptSet::from(kept);
        let mut series = if S::SPREADS {
            self.spread_series(values, &kept)
        } else {
            Series::new(&self.descriptor, self, Arc::clone(&kept))
        };
        series.is_one_of_any_number = true;
        if beyond {
            series = series.beyond_limit();
        }
        let lifetime = if self.is_evictable() {
            Lifetime::WhileUsed
        } else {
            Lifetime::Static
        };
        let mut slots = SLOTS.lock();
        let Some(slot) = slots.register(series, lifetime) else {
            return (NO_SLOT, None);
        };
        slots.hold(slot);
        drop(slots);
        table.insert(hash, slot);
        (slot, Some(kept))
    }

    /// The series of the values in a call's set, including the values of spread structs. If two dimensions
    /// have the same key, the last dimension with a value counts.
    fn spread_series<S: DimensionSet>(&'static self, set: &S, kept: &KeptSet) -> Series {
        let mut elements = Vec::new();
        set.layout(&mut |keys| elements.push(keys));
        let mut elements = elements.into_iter();
        let mut values = kept.iter().cloned();
        let mut keys = self.descriptor.dimension_keys.iter().copied();
        let mut dimensions: Vec<(&'static str, OwnedValue)> = Vec::new();
        let mut add = |key: &'static str, value: Option<OwnedValue>| {
            let Some(value) = value else { return };
            match dimensions.iter_mut().find(|(known, _)| *known == key) {
                Some((_, replaced)) => *replaced = value,
                None => dimensions.push((key, value)),
            }
        };
        for fixed in self.template {
            let spread = match fixed {
                Some(_) => None,
                None => elements.next().flatten(),
            };
            if let Some(keys) = spread {
                // The number of the struct.
                values.next();
                keys(&mut |key| add(key, values.next().flatten()));
            } else if let Some(key) = keys.next() {
                let fixed = fixed.map(Value::keep_literal);
                add(key, fixed.or_else(|| values.next().flatten()));
            }
        }
        Series::listed(&self.descriptor, self, Arc::clone(kept), dimensions)
    }

    /// Slots for all combinations of `S`, if the limit allows. The types that come first get them,
    /// and other types go through the table.
    fn make_range<S: DimensionSet>(&'static self) -> Option<Range> {
        let combinations = S::COMBINATIONS.filter(|count| *count <= self.limit())?;
        let series = (0..combinations).map(|index| {
            let mut values = Vec::new();
            S::combination(index, &mut |value| {
                values.push(value.map(Value::keep_literal));
            });
            Series::new(&self.descriptor, self, values.into())
        });
        let base = SLOTS.lock().register_range(series)?;
        let announced = match self.descriptor.kind {
            Kind::Histogram => combinations,
            // Only the instrument is needed before the next collection.
            _ => 1,
        };
        (base..).take(announced).for_each(sink::prepare);
        Some(Range {
            signature: S::SIGNATURE,
            base,
        })
    }
}

/// Makes the hasher; `None` if this thread is busy, maybe with that.
#[cold]
#[inline(never)]
fn make_hasher() -> Option<&'static RandomState> {
    let _busy = busy::enter()?;
    Some(HASHER.get_or_init(RandomState::default))
}

impl Late for DynamicSeries {
    fn late_slot(&'static self, key: Key) -> Option<(u32, bool)> {
        match key {
            Key::Only => None,
            Key::Index(signature, index) => match self.range.get() {
                Some(Some(range)) if range.signature == signature => {
                    Some((range.base + index, false))
                }
                _ => None,
            },
            Key::Hash(hash) => {
                let _busy = busy::enter();
                let table = self.table();
                let hasher = HASHER.get()?;
                let has_hash = |kept: &KeptSet| set::hash(&OwnedSet(kept), hasher) == hash;
                if let Some((slot, _)) = table.find(hash, self, has_hash)
                    && SLOTS.lock().hold(slot)
                {
                    return Some((slot, true));
                }
                Some((table.overflow?, false))
            }
        }
    }
}

impl SeriesOwner for DynamicSeries {
    fn dimensions(
        &self,
        values: &[Option<OwnedValue>],
        each: &mut dyn FnMut(&'static str, OwnedValue),
    ) {
        let mut values = values.iter().cloned();
        for (key, value) in self.descriptor.dimension_keys.iter().zip(self.template) {
            let value = match value {
                Some(value) => Some(value.keep_literal()),
                None => values.next().flatten(),
            };
            if let Some(value) = value {
                each(key, value);
            }
        }
    }

    fn forget(&self, slots: &[u32]) {
        let _busy = busy::enter();
        self.table().forget(slots);
        self.cache.invalidate();
    }
}

/// Whether the combinations of `S` are few enough for consecutive slots.
const fn in_range<S: DimensionSet>() -> bool {
    matches!(S::COMBINATIONS, Some(count) if count > 0 && count <= MAX_RANGE)
}

#[inline]
fn index<S: DimensionSet>(values: &S) -> u32 {
    const { assert!((MAX_RANGE as u64) < MAX_SLOTS as u64) };
    // At most MAX_RANGE.
    #[allow(clippy::cast_possible_truncation)]
    let index = values.index() as u32;
    index
}
