//! The cells of all threads, the series they count, and the drain.
//!
//! A slot is the number of a series. Each thread owns a block: one cell for each slot it has
//! touched, in chunks. The drain reads the cells, remembers their values, and takes the difference:
//! it never writes to a cell, so neither side can undo the work of the other side. A thread whose
//! addition would exceed the range of its cell begins again at 0 under the lock, and the amount
//! that the drain had not seen is kept next to the cell.
//!
//! The lock provides the order that the cells alone do not provide: a thread that ends releases its
//! block under the lock, the next owner claims it under the lock, and the drain compares under the
//! lock. So an owner, and a drain after the release, see everything that the predecessor stored.
//!
//! A series that may retire is *held* by each thread that has cached its slot. When it was idle for
//! long enough it retires: no further thread may hold it, and threads that hold it let go when they
//! notice. Until the last has let go, the slot counts for the retired series, and only then is the
//! slot reused for another series. So an increment that is under way while its series retires is
//! neither lost nor counted in another series.
//!
//! Cells and values may be kept in [memory that outlives the process](super::kept). Then each thread gets
//! further chunks for the same slots, and its old chunks are drained for the rest. Its values are in
//! [arrays](super::rings) there.
//!
//! Calls that are counted and timed have a count and a value each, which belong in the same
//! collection. A thread adds 1 first, then puts the value in its ring. So of each [`Pair`], a drain
//! takes the values of a thread, and then as many of its counts: the counts of all these values are
//! there, and further ones are of values that come later.

use std::collections::VecDeque;
use std::sync::Arc;

use super::block::{Block, Pair, Tracked};
use super::chunk::{self, Amount, CELLS, Directory};
use super::entry::{Entry, Lifetime};
use super::kept::Kept;
use super::memory::Memory;
use super::ring::Ring;
use super::rings::Further;
use super::sync::{Mutex, MutexGuard, PoisonError, RING, TryLockError};

/// Values that are kept outside of the rings: values of threads whose block is gone, and values of
/// series that the pipeline has nowhere to put yet.
const MAX_LATE: usize = 40 * RING;

/// Values of a thread that are kept until there is a pipeline.
const KEPT_VALUES: u64 = 4_096;

/// The index of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct BlockId(usize);

impl BlockId {
    /// The part of [`SlotTable::drain_values`] that takes out this block's values.
    pub(super) fn part(self) -> usize {
        self.0 + 1
    }
}

/// The blocks of all threads and the series of all slots, behind one lock.
pub(crate) struct Slots<S> {
    pub(super) table: Mutex<SlotTable<S>>,
}

/// The contents of [`Slots`]; `S` describes the series of a slot.
pub(crate) struct SlotTable<S> {
    /// By slot.
    series: Vec<Entry<S>>,
    /// Slots whose series is gone.
    vacant: Vec<u32>,
    /// Slots whose series has retired, but which a thread may still count in.
    retired: Vec<u32>,
    /// How many series there ever were.
    made: u64,
    blocks: Vec<Block>,
    /// Blocks whose thread has ended.
    free: Vec<BlockId>,
    /// The block for threads whose own is gone; written only under the lock.
    shared: Option<BlockId>,
    /// Values recorded by threads whose block is gone, and values that a drain refused.
    late: VecDeque<(u32, f64)>,
    /// Values that nobody took in time.
    given_up: u64,
    /// The measurements since a watch began, while one is under way.
    watch: Option<Watched>,
    /// How many blocks a forked child has from its parent.
    inherited: usize,
    /// The inherited block in which the thread that forked goes on.
    forked: Option<BlockId>,
    /// The memory of the cells, if they outlive the process.
    kept: Option<Kept<S>>,
    /// How many memories of cells there ever were.
    memories: u32,
}

/// The measurements of all threads, from [`SlotTable::begin_watch`] to [`SlotTable::end_watch`].
#[derive(Default)]
pub(crate) struct Watched {
    /// By slot: at first the sums before, in the end the additions.
    pub(crate) sums: Vec<i128>,
    /// Values of histograms and gauges with their slots. Values of one thread are in the order
    /// recorded.
    pub(crate) values: Vec<(u32, f64)>,
}

impl<S> Slots<S> {
    /// Locks the table. A panic elsewhere under the lock leaves it usable, since every change is
    /// one step.
    pub(crate) fn lock(&self) -> MutexGuard<'_, SlotTable<S>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the table, unless a thread holds the lock.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, SlotTable<S>>> {
        match self.table.try_lock() {
            Ok(table) => Some(table),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// A block for the calling thread: one whose thread has ended, or a new one.
    pub(super) fn claim(&self) -> (BlockId, Directory, Option<Arc<Ring>>) {
        let mut table = self.lock();
        let id = table.free.pop().unwrap_or_else(|| table.new_block());
        let block = &mut table.blocks[id.0];
        block.is_owned = true;
        (id, block.directory, block.rings.current())
    }

    /// Hands a block back. Its owner must not touch it afterwards.
    pub(super) fn release(&self, id: BlockId) {
        let mut table = self.lock();
        let block = &mut table.blocks[id.0];
        block.is_owned = false;
        block.rings.leave();
        table.free.push(id);
    }

    /// Adds to the cell of a slot on behalf of the block's owner, and returns the directory, which
    /// has that cell.
    pub(super) fn add(&self, block: BlockId, slot: u32, n: Amount) -> Directory {
        self.lock().add_to(block, slot, n)
    }

    /// The block's ring, made on first use.
    pub(super) fn ring(&self, block: BlockId) -> Arc<Ring> {
        let mut table = self.lock();
        let SlotTable { blocks, kept, .. } = &mut *table;
        blocks[block.0].rings.first(kept.as_ref())
    }

    /// A ring in place of the block's, which is [full](super::ring::Put::Full). For the owner alone, which
    /// must not touch the other one afterwards.
    pub(super) fn further_ring(&self, block: BlockId) -> Further {
        let mut table = self.lock();
        let SlotTable { blocks, kept, .. } = &mut *table;
        blocks[block.0].rings.further(kept.as_ref())
    }

    /// Adds on behalf of a thread that has no block any more.
    pub(super) fn add_shared(&self, slot: u32, n: Amount) {
        let mut table = self.lock();
        let id = match table.shared {
            Some(id) => id,
            None => table.new_block(),
        };
        table.shared = Some(id);
        table.add_to(id, slot, n);
    }
}

impl<S> SlotTable<S> {
    pub(crate) const fn new() -> Self {
        Self {
            series: Vec::new(),
            vacant: Vec::new(),
            retired: Vec::new(),
            made: 0,
            blocks: Vec::new(),
            free: Vec::new(),
            shared: None,
            late: VecDeque::new(),
            given_up: 0,
            watch: None,
            inherited: 0,
            forked: None,
            kept: None,
            memories: 0,
        }
    }

    /// Adds to the cell of a slot on behalf of the block's owner.
    fn add_to(&mut self, BlockId(block): BlockId, slot: u32, n: Amount) -> Directory {
        let (directory, left) = self.blocks[block].add(slot, n, self.kept.as_ref());
        if let (Some(left), Some(kept)) = (left, &mut self.kept) {
            // It is drained later, and then it is not in a cell.
            kept.drained(slot, left.saturating_neg());
        }
        directory
    }

    /// The entry of a slot, if a series was ever given that slot.
    pub(crate) fn entry(&self, slot: u32) -> Option<&Entry<S>> {
        self.series.get(slot as usize)
    }

    /// The series of a slot, to change it.
    pub(crate) fn series_mut(&mut self, slot: u32) -> Option<&mut S> {
        Some(&mut self.series.get_mut(slot as usize)?.series)
    }

    /// All slots and their entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, &Entry<S>)> {
        (0..).zip(&self.series)
    }

    /// All slots and their entries, to change the series.
    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = (u32, &mut Entry<S>)> {
        (0..).zip(&mut self.series)
    }

    /// Assigns a slot to a series; `None` if all numbers are used up.
    pub(crate) fn register(&mut self, series: S, lifetime: Lifetime) -> Option<u32> {
        self.made += 1;
        if lifetime != Lifetime::Static
            && let Some(slot) = self.vacant.pop()
        {
            let origin = self.sum(slot);
            self.series[slot as usize] = Entry::new(series, self.made, origin, lifetime);
            self.note(slot);
            return Some(slot);
        }
        let slot = u32::try_from(self.series.len()).ok()?;
        if slot >= chunk::MAX_SLOTS {
            return None;
        }
        self.series.push(Entry::new(series, self.made, 0, lifetime));
        self.note(slot);
        Some(slot)
    }

    /// Notes in the memory of the cells which series has the slot now.
    fn note(&self, slot: u32) {
        if let (Some(kept), Some(entry)) = (&self.kept, self.entry(slot)) {
            let (number, cell) = chunk::position(slot);
            let chunks = self.chunks(number).filter(|it| kept.is(it.memory));
            let sum = chunks.fold(0_u64, |sum, it| sum.wrapping_add(it.chunk.get(cell)));
            kept.assign(slot, sum, &entry.series);
        }
    }

    /// Assigns consecutive slots to series that stay, and returns the first slot.
    pub(crate) fn register_range(&mut self, series: impl Iterator<Item = S>) -> Option<u32> {
        let mut first = None;
        for series in series {
            let slot = self.register(series, Lifetime::Static)?;
            first.get_or_insert(slot);
        }
        first
    }

    /// Notes that a thread keeps the slot; `false` if the series has retired.
    pub(crate) fn hold(&mut self, slot: u32) -> bool {
        self.series.get_mut(slot as usize).is_some_and(Entry::hold)
    }

    /// Takes a [`hold`](Self::hold) back. The thread must have added everything before.
    pub(crate) fn let_go(&mut self, slot: u32) {
        if let Some(entry) = self.series.get_mut(slot as usize) {
            entry.let_go();
        }
    }

    /// Turns a [`hold`](Self::hold) into a binding: the series stays until it is
    /// [unbound](Self::unbind). `false` if it has retired since; then the hold is taken back.
    pub(crate) fn bind(&mut self, slot: u32) -> bool {
        self.let_go(slot);
        self.series.get_mut(slot as usize).is_some_and(Entry::bind)
    }

    /// Takes a [`bind`](Self::bind) back; returns whether it was the last one. All that was measured
    /// through it must have happened before.
    pub(crate) fn unbind(&mut self, slot: u32) -> bool {
        self.series
            .get_mut(slot as usize)
            .is_some_and(Entry::unbind)
    }

    pub(crate) fn is_retired(&self, slot: u32) -> bool {
        self.entry(slot).is_none_or(Entry::is_retired)
    }

    /// Adds the counts of one part since its last drain to `deltas`, by slot; `false` if there are
    /// no more parts. Part 0 has none, and each further part is a block. A slot that `ready`
    /// refuses keeps its counts for a later drain. `is_signed` marks sums that can shrink.
    ///
    /// From a series with a `pair`, it takes as many counts as [values](Self::drain_values) were
    /// taken out before.
    pub(crate) fn drain_counts(
        &mut self,
        part: usize,
        is_signed: impl Fn(&S) -> bool,
        pair: impl Fn(&S) -> Option<Pair>,
        ready: impl FnMut(u32, &Entry<S>) -> bool,
        deltas: &mut Vec<i128>,
    ) -> bool {
        let Self {
            series,
            blocks,
            shared,
            kept,
            ..
        } = self;
        if deltas.len() < series.len() {
            deltas.resize(series.len(), 0);
        }
        let Some(block) = part.checked_sub(1) else {
            return true;
        };
        // Threads without a block record without a ring.
        let is_shared = *shared == Some(BlockId(block));
        let Some(block) = blocks.get_mut(block) else {
            return false;
        };
        let pair = |series: &S| pair(series).filter(|_| !is_shared);
        block.drain_counts(series, deltas, kept.as_mut(), is_signed, pair, ready);
        true
    }

    /// From now on, threads count in chunks and record in arrays in `memory`, for which `assign` notes a slot, the
    /// sum of its cells, and its series.
    pub(crate) fn keep_in(
        &mut self,
        memory: Arc<dyn Memory>,
        assign: fn(&dyn Memory, u32, u64, &S),
    ) {
        self.memories += 1;
        let kept = Kept::new(memory, self.memories, assign);
        for (slot, entry) in self.entries() {
            kept.assign(slot, 0, &entry.series);
        }
        for block in &mut self.blocks {
            block.leave_chunks(&kept);
            block.rings.move_to(&kept);
        }
        self.kept = Some(kept);
    }

    /// The collection that is about to end has taken everything that was drained until now.
    pub(crate) fn snapshot(&mut self) {
        if let Some(kept) = &mut self.kept {
            let blocks = &self.blocks;
            kept.snapshot(|memory| blocks.iter().flat_map(move |it| it.rings.arrays(memory)));
            for block in blocks {
                // There may be room again.
                block.rings.look_for_room();
            }
        }
    }

    /// From now on, no further chunks and arrays are in `memory`. Chunks that are there stay, and arrays until they
    /// are full.
    pub(crate) fn leave_memory(&mut self, memory: &Arc<dyn Memory>) {
        if self.kept.as_ref().is_some_and(|kept| kept.is_in(memory)) {
            self.kept = None;
        }
    }

    /// Hands the values of one part and their slots to `each`, in the order recorded; `false` if
    /// there are no more parts. Part 0 has the values of threads whose block is gone and the values
    /// that were refused before, and each further part is a block. A value that `each` refuses is
    /// kept for a later drain; a value in memory that outlives the process stays there, with all
    /// later values of its thread.
    ///
    /// A part other than 0 has at most [`RING`] values.
    pub(crate) fn drain_values(
        &mut self,
        part: usize,
        pair: impl Fn(&S) -> Option<Pair>,
        mut each: impl FnMut(u32, &Entry<S>, f64) -> bool,
    ) -> bool {
        let Self {
            series,
            blocks,
            late,
            watch,
            kept,
            ..
        } = self;
        let mut refused = VecDeque::new();
        if let Some(block) = part.checked_sub(1) {
            let Some(block) = blocks.get_mut(block) else {
                return false;
            };
            let kept = kept.as_ref();
            let take = |ring: &Ring, slot: u32, value| {
                let Some(entry) = series.get_mut(slot as usize) else {
                    return true;
                };
                entry.measured();
                if !each(slot, entry, value) {
                    if ring.array().is_some() {
                        return false;
                    }
                    refused.push_back((slot, value));
                }
                if let Some(watched) = watch {
                    watched.values.push((slot, value));
                }
                if let Some(pair) = pair(&entry.series) {
                    *block.uncounted.entry(pair).or_default() += 1;
                }
                true
            };
            if !block.rings.take(kept, take) {
                // Nobody may get the slots of values that are still there.
                block.rings.read(|slot, _| {
                    if let Some(entry) = series.get_mut(slot as usize) {
                        entry.measured();
                    }
                });
            }
            if !block.is_owned {
                block.rings.end(kept);
            }
        } else {
            for (slot, value) in late.drain(..) {
                if let Some(entry) = series.get_mut(slot as usize) {
                    entry.measured();
                    if !each(slot, entry, value) {
                        refused.push_back((slot, value));
                    }
                }
            }
        }
        for (slot, value) in refused {
            self.record_shared(slot, value);
        }
        true
    }

    /// Records on behalf of a thread that has no block any more.
    pub(crate) fn record_shared(&mut self, slot: u32, value: f64) {
        if self.late.len() >= MAX_LATE {
            self.late.pop_front();
            self.given_up += 1;
        }
        self.late.push_back((slot, value));
    }

    /// Lets a [watch](Self::begin_watch) see a value that is not put into a ring.
    pub(super) fn watch_value(&mut self, slot: u32, value: f64) {
        if let Some(watched) = &mut self.watch {
            watched.values.push((slot, value));
        }
    }

    /// Begins to watch the measurements of all threads. Until the end, no series retires.
    pub(crate) fn begin_watch(
        &mut self,
        is_signed: impl Fn(&S) -> bool,
        pair: impl Fn(&S) -> Option<Pair>,
    ) {
        // All values that are in rings from now on are new.
        let mut before = Vec::new();
        for part in 1.. {
            let more = self.drain_values(part, &pair, |slot, _, value| {
                before.push((slot, value));
                true
            });
            if !more {
                break;
            }
        }
        for (slot, value) in before {
            self.record_shared(slot, value);
        }
        self.watch = Some(Watched {
            sums: self.totals(is_signed),
            values: Vec::new(),
        });
    }

    /// Ends a watch, and returns the measurements since its begin.
    pub(crate) fn end_watch(&mut self, is_signed: impl Fn(&S) -> bool) -> Watched {
        let mut watched = self.watch.take().unwrap_or_default();
        let before = core::mem::replace(&mut watched.sums, self.totals(is_signed));
        for (sum, before) in watched.sums.iter_mut().zip(before) {
            *sum = sum.saturating_sub(before);
        }
        for block in &self.blocks {
            block
                .rings
                .read(|slot, value| watched.values.push((slot, value)));
        }
        watched
    }

    /// Ends a watch without a result.
    pub(crate) fn stop_watch(&mut self) {
        self.watch = None;
    }

    /// All that was ever added to each slot.
    fn totals(&self, is_signed: impl Fn(&S) -> bool) -> Vec<i128> {
        let mut totals = vec![0_i128; self.series.len()];
        for tracked in self.blocks.iter().flat_map(|block| &block.chunks) {
            let first = tracked.number * CELLS;
            let entries = totals.iter_mut().zip(&self.series).skip(first);
            for (cell, (total, entry)) in (0..CELLS).zip(entries) {
                let added = tracked.total(cell, is_signed(&entry.series));
                *total = total.saturating_add(added);
            }
        }
        totals
    }

    /// Gives up all but the newest values of one thread, or of each. Their counts are kept.
    pub(crate) fn give_up_values(
        &mut self,
        own: Option<BlockId>,
        pair: impl Fn(&S) -> Option<Pair>,
    ) {
        let Self {
            series,
            blocks,
            given_up,
            watch,
            kept,
            ..
        } = self;
        let blocks = blocks.iter_mut().enumerate();
        for (_, block) in blocks.filter(|(id, _)| own.is_none_or(|own| own.0 == *id)) {
            let mut give_up = |slot: u32, values| {
                *given_up += values;
                let entry = series.get(slot as usize);
                if values > 0
                    && let Some(pair) = entry.and_then(|entry| pair(&entry.series))
                {
                    *block.uncounted.entry(pair).or_default() += values;
                }
            };
            // Values of one slot in a row are given up at once.
            let (mut last, mut values) = (u32::MAX, 0);
            block
                .rings
                .take_oldest(KEPT_VALUES, kept.as_ref(), |slot, value| {
                    if let Some(watched) = watch {
                        watched.values.push((slot, value));
                    }
                    if slot != last {
                        give_up(last, values);
                        (last, values) = (slot, 0);
                    }
                    values += 1;
                });
            give_up(last, values);
        }
    }

    /// Notes that values of the block's owner were lost before they got into its ring.
    pub(super) fn lose_values(
        &mut self,
        own: Option<BlockId>,
        slot: u32,
        values: u64,
        pair: impl Fn(&S) -> Option<Pair>,
    ) {
        self.given_up += values;
        let entry = self.series.get(slot as usize);
        if let Some(pair) = entry.and_then(|entry| pair(&entry.series))
            && let Some(block) = own.and_then(|own| self.blocks.get_mut(own.0))
        {
            *block.uncounted.entry(pair).or_default() += values;
        }
    }

    /// Ends an epoch, right after a drain: retires series that were idle for long, and frees the
    /// slots of retired series that no thread holds. If `pinned` is true for a series, its cells
    /// count its running timers, and it stays while a timer runs. Returns the slots that have
    /// retired now.
    pub(crate) fn end_epoch(&mut self, pinned: impl Fn(&S) -> bool) -> Vec<u32> {
        if self.watch.is_some() {
            // A slot is one series for the whole watch.
            return Vec::new();
        }
        let mut leaving = Vec::new();
        let retired = core::mem::take(&mut self.retired);
        for slot in retired {
            let is_pinned = self.is_pinned(slot, &pinned);
            if self.series[slot as usize].ends(is_pinned) {
                self.vacant.push(slot);
            } else {
                self.retired.push(slot);
            }
        }
        for slot in (0..).take(self.series.len()) {
            if !self.series[slot as usize].idles() {
                continue;
            }
            let is_pinned = self.is_pinned(slot, &pinned);
            let entry = &mut self.series[slot as usize];
            if is_pinned {
                entry.measured();
            } else {
                entry.retire();
                self.retired.push(slot);
                leaving.push(slot);
            }
        }
        leaving
    }

    /// Whether a series that `pinned` accepts has running timers.
    fn is_pinned(&self, slot: u32, pinned: impl Fn(&S) -> bool) -> bool {
        self.entry(slot)
            .is_some_and(|entry| pinned(&entry.series) && self.sum(slot) != entry.origin)
    }

    /// Right after a fork, in the child: from now on `own`, the block of the thread that forked,
    /// counts for the child, and no thread of the child gets a block of the parent. `reset` resets
    /// the state of a series. Allocates nothing.
    pub(super) fn fence(&mut self, own: Option<BlockId>, reset: impl FnMut(&mut S)) {
        self.inherited = self.blocks.len();
        self.forked = own;
        self.free.clear();
        self.shared = None;
        self.late.clear();
        self.series
            .iter_mut()
            .map(|entry| &mut entry.series)
            .for_each(reset);
        if let Some(block) = own.and_then(|own| self.blocks.get_mut(own.0)) {
            block.discard();
        }
    }

    /// Discards all that the parent measured before the [`fence`](Self::fence).
    pub(crate) fn disown(&mut self) {
        let forked = self.forked;
        let inherited = self.blocks.iter_mut().enumerate().take(self.inherited);
        for (_, block) in inherited.filter(|(id, _)| Some(BlockId(*id)) != forked) {
            block.discard();
        }
        self.inherited = 0;
    }

    /// How many values were given up.
    pub(crate) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// All that was ever added to a slot. It wraps around.
    fn sum(&self, slot: u32) -> u64 {
        let (number, cell) = chunk::position(slot);
        let sums = self.chunks(number).map(|it| it.total(cell, false));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        sums.fold(0, |sum: u64, total| sum.wrapping_add(total as u64))
    }

    /// All chunks with this number.
    fn chunks(&self, number: usize) -> impl Iterator<Item = &Tracked> {
        let all = self.blocks.iter().flat_map(|block| &block.chunks);
        all.filter(move |tracked| tracked.number == number)
    }

    fn new_block(&mut self) -> BlockId {
        self.blocks.push(Block::new());
        BlockId(self.blocks.len() - 1)
    }
}

#[cfg(test)]
#[allow(
    dead_code,
    reason = "each copy of this file is tested for other things"
)]
impl<S> SlotTable<S> {
    /// How many rings there are.
    pub(crate) fn rings(&self) -> usize {
        self.blocks.iter().map(|block| block.rings.count()).sum()
    }

    /// How many blocks were ever made.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The sum of all additions to a slot, without a change to the values that the drain remembers.
    pub(crate) fn total(&self, slot: u32) -> u64 {
        self.sum(slot)
    }
}
