//! An instrument with dimensions that are known at run time: any number of series, to a limit.

mod range;

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use self::range::{Range, in_range, index};
use super::known;
use super::local::{self, NO_SLOT, SLOTS};
use super::series::Series;
use super::set::{self, Combination, DimensionSet};
use super::sink;
use super::slots::Lifetime;
use super::value::{OwnedValue, Value};
use crate::descriptor::{Descriptor, Kind};

/// The most series of an instrument that has no limit of its own, as in OpenTelemetry's SDK.
static CARDINALITY_LIMIT: AtomicU32 = AtomicU32::new(2_000);

/// Seeded anew in each process, so that nobody can choose values that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// Sets the limit for instruments without one of their own. Series that exist stay.
#[cfg(feature = "dynatrace")]
pub(crate) fn set_cardinality_limit(limit: u32) {
    CARDINALITY_LIMIT.store(limit, Ordering::Relaxed);
}

/// The series of an instrument.
pub(super) struct Many {
    descriptor: Descriptor,
    /// In key order; what is not here is in the set of each call.
    template: &'static [Option<Value<'static>>],
    /// The slots in a row, if the first types to come have few values.
    range: OnceLock<Option<Range>>,
    /// The same again for the hit path; 0 before.
    signature: AtomicU64,
    base: AtomicU32,
    /// The number under which threads remember this instrument; 0 before the first has asked.
    id: AtomicU32,
    /// Changes when a series has retired: threads look which.
    generation: AtomicU32,
    table: Mutex<Table>,
}

/// Combinations of values → slot.
struct Table {
    rows: HashTable<Row>,
    overflow: Option<u32>,
}

/// One combination.
pub(super) struct Row {
    pub(super) hash: u64,
    pub(super) values: Box<[Option<OwnedValue>]>,
    pub(super) slot: u32,
}

impl Row {
    #[inline]
    pub(super) fn is<S: DimensionSet>(&self, hash: u64, values: &S) -> bool {
        self.hash == hash && values.is(&self.values)
    }
}

impl Many {
    pub(super) const fn new(
        descriptor: Descriptor,
        template: &'static [Option<Value<'static>>],
    ) -> Self {
        Self {
            descriptor,
            template,
            range: OnceLock::new(),
            signature: AtomicU64::new(0),
            base: AtomicU32::new(NO_SLOT),
            id: AtomicU32::new(0),
            generation: AtomicU32::new(0),
            table: Mutex::new(Table {
                rows: HashTable::new(),
                overflow: None,
            }),
        }
    }

    pub(super) const fn descriptor(&'static self) -> &'static Descriptor {
        &self.descriptor
    }

    /// Runs `f` with the slot of `values`, which is theirs until `f` returns, and with whether it
    /// is theirs for ever.
    #[inline]
    pub(super) fn with_slot<S: DimensionSet, R>(
        &'static self,
        values: &S,
        f: impl FnOnce(u32, bool) -> R,
    ) -> R {
        if const { in_range::<S>() } {
            // The number says all: what asks for no address of a value leaves it in its register.
            // And first, since reads do not move across what follows.
            let index = index(values);
            // Acquire: who sees the signature sees the base, too.
            if self.signature.load(Ordering::Acquire) == S::SIGNATURE {
                return f(self.base.load(Ordering::Relaxed) + index, true);
            }
            return self.with_slot_first::<S, R>(index, f);
        }
        self.with_slot_known(values, f)
    }

    /// The way of the first calls, and of instances of a generic function that are not the first
    /// to come: apart, so that the others are short.
    #[cold]
    #[inline(never)]
    fn with_slot_first<S: DimensionSet, R>(
        &'static self,
        index: u32,
        f: impl FnOnce(u32, bool) -> R,
    ) -> R {
        match self.range.get_or_init(|| self.make_range::<S>()) {
            Some(range) if range.signature == S::SIGNATURE => {
                self.base.store(range.base, Ordering::Relaxed);
                self.signature.store(range.signature, Ordering::Release);
                f(range.base + index, true)
            }
            _ => self.with_slot_known(&Combination::<S>::new(index), f),
        }
    }

    #[inline]
    fn with_slot_known<S: DimensionSet, R>(
        &'static self,
        values: &S,
        f: impl FnOnce(u32, bool) -> R,
    ) -> R {
        let hash = set::hash(values, &*HASHER);
        match known::find(self, hash, values) {
            Some(slot) => f(slot, false),
            None => self.with_slot_cold(hash, values, f),
        }
    }

    /// The number under which threads remember this instrument, if one ever did.
    #[inline]
    pub(super) fn id(&self) -> usize {
        self.id.load(Ordering::Relaxed) as usize
    }

    /// Changes when a series has retired.
    #[inline]
    pub(super) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether its series come and go: those of sums that are exported as they are, and gauges,
    /// stay.
    fn is_evictable(&self) -> bool {
        matches!(self.descriptor.kind, Kind::Counter | Kind::Histogram)
    }

    fn limit(&self) -> usize {
        match self.descriptor.cardinality_limit {
            0 => CARDINALITY_LIMIT.load(Ordering::Relaxed) as usize,
            limit => limit as usize,
        }
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
        f: impl FnOnce(u32, bool) -> R,
    ) -> R {
        let (slot, held) = self.slot(hash, values);
        if self.descriptor.kind == Kind::Histogram {
            sink::prepare(slot);
        }
        let result = f(slot, !held);
        if held && !self.remember(hash, values, slot) {
            SLOTS.lock().let_go(slot);
        }
        result
    }

    /// Lets this thread know the slot from now on.
    fn remember<S: DimensionSet>(&'static self, hash: u64, values: &S, slot: u32) -> bool {
        static IDS: AtomicU32 = AtomicU32::new(1);
        if self.id() == 0 {
            let id = IDS.fetch_add(1, Ordering::Relaxed);
            // Another thread may have been faster: its number counts.
            self.id
                .compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed)
                .ok();
        }
        let mut kept = Vec::new();
        values.keep(&mut kept);
        known::insert(
            self,
            Row {
                hash,
                values: kept.into(),
                slot,
            },
        )
    }

    /// The slot of a combination, and whether it is held now; beyond the limit, the one that all
    /// others share, which stays and need not be held.
    fn slot<S: DimensionSet>(&'static self, hash: u64, values: &S) -> (u32, bool) {
        let mut table = self.table();
        if let Ok(row) = table.rows.find_entry(hash, |row| row.is(hash, values)) {
            let slot = row.get().slot;
            if SLOTS.lock().hold(slot) {
                return (slot, true);
            }
            // It retired just now, and is about to be forgotten.
            row.remove();
        }
        // A capture sees each combination for itself; the pipeline does not.
        let beyond = table.rows.len() >= self.limit();
        if beyond && !local::is_captured() {
            let overflow = table.overflow.get_or_insert_with(|| {
                let series = Series::overflow(&self.descriptor);
                let slot = SLOTS.lock().register(series, Lifetime::Static);
                slot.unwrap_or(NO_SLOT)
            });
            return (*overflow, false);
        }
        let mut kept = Vec::new();
        values.keep(&mut kept);
        let mut series = self.series(&kept);
        if beyond {
            series = series.beyond_limit();
        }
        let lifetime = if self.is_evictable() {
            series.owner = Some(self);
            Lifetime::WhileUsed
        } else {
            Lifetime::Static
        };
        let mut slots = SLOTS.lock();
        let Some(slot) = slots.register(series, lifetime) else {
            return (NO_SLOT, false);
        };
        slots.hold(slot);
        drop(slots);
        let row = Row {
            hash,
            values: kept.into(),
            slot,
        };
        table.rows.insert_unique(hash, row, |row| row.hash);
        (slot, true)
    }

    /// The series of what the calls' sets say.
    fn series(&'static self, values: &[Option<OwnedValue>]) -> Series {
        let mut values = values.iter().cloned();
        let all = self.template.iter().map(|value| match value {
            Some(value) => Some(value.keep()),
            None => values.next().flatten(),
        });
        Series::new(&self.descriptor, all)
    }

    /// Gives the places of series that have retired to others. `slots` is sorted.
    pub(super) fn forget(&self, slots: &[u32]) {
        let mut table = self.table();
        table
            .rows
            .retain(|row| slots.binary_search(&row.slot).is_err());
        drop(table);
        self.generation.fetch_add(1, Ordering::Release);
    }
}
