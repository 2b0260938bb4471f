//! The thread's cache of series with run-time dimensions: a hit takes no lock.

use core::hash::BuildHasher;
use core::sync::atomic::{AtomicU32, Ordering};
use std::cell::RefCell;

use hashbrown::HashTable;

use crate::instrument::cells::busy;
use crate::instrument::cells::store::SLOTS;
use crate::instrument::dimension::set::{self, DimensionSet, KeptSet, OwnedSet};

thread_local! {
    static CACHE: RefCell<Cache> = const { RefCell::new(Cache(Vec::new())) };
}

/// By the number of the instrument.
struct Cache(Vec<CachedRows>);

/// The rows of one instrument. The thread holds each of their slots.
#[derive(Default)]
struct CachedRows {
    /// The instrument's generation when these were looked through last.
    generation: u32,
    rows: HashTable<Row>,
}

/// One combination of values and its slot.
struct Row {
    values: KeptSet,
    slot: u32,
    /// A part of the hash, so that few other values are compared.
    hash: u32,
}

impl Row {
    fn new(hash: u64, values: KeptSet, slot: u32) -> Self {
        Self {
            values,
            slot,
            hash: part(hash),
        }
    }

    #[inline]
    fn is<S: DimensionSet>(&self, hash: u64, values: &S) -> bool {
        self.hash == part(hash) && values.is(&self.values)
    }

    /// The hash of the values. It is computed when a table grows, since keeping it would make each row
    /// larger.
    fn hash(&self, hasher: &impl BuildHasher) -> u64 {
        set::hash(&OwnedSet(&self.values), hasher)
    }
}

/// The part of a hash that rows keep.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a part")]
pub(super) fn part(hash: u64) -> u32 {
    hash as u32
}

/// An instrument's part in every thread's cache.
pub(super) struct CacheKey {
    /// The number of the instrument; 0 before the first thread cached a row.
    id: AtomicU32,
    /// Changes when a series has retired: threads then look which.
    generation: AtomicU32,
}

impl CacheKey {
    pub(super) const fn new() -> Self {
        Self {
            id: AtomicU32::new(0),
            generation: AtomicU32::new(0),
        }
    }

    /// The slot of `values`, if this thread has cached it.
    #[inline]
    pub(super) fn find<S: DimensionSet>(&self, hash: u64, values: &S) -> Option<u32> {
        let find = |cache: &RefCell<Cache>| {
            // Borrowed if a value's own code measures while it is compared: then the long way.
            let mut cache = cache.try_borrow_mut().ok()?;
            let cached = cache.0.get_mut(self.id())?;
            let generation = self.generation.load(Ordering::Acquire);
            if cached.generation != generation {
                cached.let_go_of_retired(generation);
            }
            Some(cached.rows.find(hash, |row| row.is(hash, values))?.slot)
        };
        CACHE.try_with(find).ok().flatten()
    }

    /// Whether this thread can keep rows: not late in its life, when its storage is gone.
    pub(super) fn is_there() -> bool {
        CACHE.try_with(|_| ()).is_ok()
    }

    /// Keeps the values of a slot that this thread holds; `false` if it cannot.
    pub(super) fn insert(
        &self,
        hash: u64,
        values: KeptSet,
        slot: u32,
        hasher: &impl BuildHasher,
    ) -> bool {
        self.assign_id();
        let row = Row::new(hash, values, slot);
        let insert = |cache: &RefCell<Cache>| {
            let Ok(mut cache) = cache.try_borrow_mut() else {
                return false;
            };
            let id = self.id();
            if cache.0.len() <= id {
                cache.0.resize_with(id + 1, CachedRows::default);
            }
            let rows = &mut cache.0[id].rows;
            rows.insert_unique(hash, row, |row| row.hash(hasher));
            true
        };
        CACHE.try_with(insert).unwrap_or(false)
    }

    /// Makes every thread look which of its rows have retired.
    pub(super) fn invalidate(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    #[inline]
    fn id(&self) -> usize {
        self.id.load(Ordering::Relaxed) as usize
    }

    fn assign_id(&self) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        if self.id() == 0 {
            let id = NEXT.fetch_add(1, Ordering::Relaxed);
            // Another thread may have been faster: its number counts.
            self.id
                .compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed)
                .ok();
        }
    }
}

impl CachedRows {
    #[cold]
    #[inline(never)]
    fn let_go_of_retired(&mut self, generation: u32) {
        // Later, if this thread may hold the lock.
        let Some(_busy) = busy::enter() else {
            return;
        };
        self.generation = generation;
        let mut slots = SLOTS.lock();
        self.rows.retain(|row| {
            let retired = slots.is_retired(row.slot);
            if retired {
                slots.let_go(row.slot);
            }
            !retired
        });
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        let mut slots = SLOTS.lock();
        for row in self.0.iter().flat_map(|cached| &cached.rows) {
            slots.let_go(row.slot);
        }
    }
}

#[cfg(test)]
mod tests;
