//! The cells of all threads, the series they count, and the drain.
//!
//! A slot is the number of a series. Each thread owns a block: one cell for each slot it has
//! touched, in chunks. The drain reads the cells, remembers what it saw, and takes the wrapping
//! difference: it never writes where a thread writes, so neither can undo the other's work.
//!
//! The lock orders what the cells alone do not: a thread that ends releases its block under the
//! lock, the next owner claims it under the lock, and the drain compares under the lock. So an
//! owner sees all that its predecessor stored, and a drain after the release sees it too.
//!
//! A series that may come and go is *held* by each thread that knows its slot. When it was idle
//! for long enough it is retired: nobody new may hold it, those who do let go when they notice.
//! Until the last has, its slot counts for it, and only then is the slot given to another. So an
//! increment that is under way while its series retires is neither lost nor another's.

use std::collections::VecDeque;

use super::chunk::{self, CELLS, Chunk, Directory};
use super::ring::Ring;
use super::sync::{Mutex, MutexGuard, PoisonError, RING};

/// The number of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BlockId(usize);

impl BlockId {
    /// The part of all values that are this block's, for [`State::drain_values`].
    pub(super) fn part(self) -> usize {
        self.0 + 1
    }
}

/// All blocks, and what `S` says of each slot.
pub(super) struct Slots<S> {
    pub(super) state: Mutex<State<S>>,
}

pub(super) struct State<S> {
    /// By slot.
    series: Vec<Entry<S>>,
    /// Slots whose series is gone.
    vacant: Vec<u32>,
    /// Slots whose series has retired but may still be counted by somebody.
    retired: Vec<u32>,
    /// How many series there ever were.
    made: u64,
    blocks: Vec<Block>,
    /// Blocks whose thread has ended.
    free: Vec<BlockId>,
    /// The block for threads whose own is gone; written only under the lock.
    shared: Option<BlockId>,
    /// Values of such threads.
    late: VecDeque<(u32, f64)>,
    /// Values that nobody took in time.
    given_up: u64,
}

/// A slot and its series.
pub(super) struct Entry<S> {
    pub(super) series: S,
    /// Tells the series of one slot apart.
    pub(super) id: u64,
    lifetime: Lifetime,
    /// Threads that know this slot.
    holders: u32,
    /// Epochs without a measurement.
    idle: u8,
    /// The sum of the cells when the series came: that of the series before it.
    origin: u64,
}

/// Whether a series stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lifetime {
    /// As long as the program.
    Static,
    /// Until it was idle for [`IDLE_EPOCHS`].
    WhileUsed,
    /// Over, but for what is under way.
    Retired,
}

/// Epochs without a measurement after which a series gives its place back.
const IDLE_EPOCHS: u8 = 2;

struct Block {
    /// Those that exist, in the order of their making.
    chunks: Vec<Tracked>,
    directory: Directory,
    /// The values its owner has recorded, if it ever did.
    ring: Option<&'static Ring>,
}

struct Tracked {
    number: usize,
    chunk: &'static Chunk,
    /// What the last drain saw.
    seen: Box<[u64; CELLS]>,
}

impl<S> Slots<S> {
    /// The state; a panic elsewhere under the lock leaves it usable, since every change is one
    /// step.
    pub(super) fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block for the calling thread: one whose thread has ended, or a new one.
    pub(super) fn claim(&self) -> (BlockId, Directory, Option<&'static Ring>) {
        let mut state = self.lock();
        let id = state.free.pop().unwrap_or_else(|| state.new_block());
        let block = &state.blocks[id.0];
        (id, block.directory, block.ring)
    }

    /// Hands a block back. Its owner must not touch it afterwards.
    pub(super) fn release(&self, block: BlockId) {
        self.lock().free.push(block);
    }

    /// The block's directory, with a chunk for `slot`.
    pub(super) fn extend(&self, block: BlockId, slot: u32) -> Directory {
        self.lock().blocks[block.0].extend(slot)
    }

    /// The block's ring, made on first use.
    pub(super) fn ring(&self, block: BlockId) -> &'static Ring {
        self.lock().blocks[block.0]
            .ring
            .get_or_insert_with(Ring::leak)
    }

    /// Adds on behalf of a thread that has no block any more.
    pub(super) fn add_shared(&self, slot: u32, n: u64) {
        let mut state = self.lock();
        let id = match state.shared {
            Some(id) => id,
            None => state.new_block(),
        };
        state.shared = Some(id);
        let directory = state.blocks[id.0].extend(slot);
        chunk::add(directory, slot, n);
    }
}

impl<S> State<S> {
    pub(super) const fn new() -> Self {
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
        }
    }

    /// What is known of a slot.
    pub(super) fn entry(&self, slot: u32) -> Option<&Entry<S>> {
        self.series.get(slot as usize)
    }

    /// The series of a slot, to note something about it.
    pub(super) fn series_mut(&mut self, slot: u32) -> Option<&mut S> {
        Some(&mut self.series.get_mut(slot as usize)?.series)
    }

    /// All slots and what is known of them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, &Entry<S>)> {
        (0..).zip(&self.series)
    }

    /// Gives a series a slot; `None` if there are as many as numbers.
    pub(super) fn register(&mut self, series: S, lifetime: Lifetime) -> Option<u32> {
        self.made += 1;
        let entry = Entry {
            series,
            id: self.made,
            lifetime,
            holders: 0,
            idle: 0,
            origin: 0,
        };
        if lifetime != Lifetime::Static
            && let Some(slot) = self.vacant.pop()
        {
            let origin = self.sum(slot);
            self.series[slot as usize] = Entry { origin, ..entry };
            return Some(slot);
        }
        let slot = u32::try_from(self.series.len()).ok()?;
        if slot >= chunk::MAX_SLOTS {
            return None;
        }
        self.series.push(entry);
        Some(slot)
    }

    /// Gives consecutive slots to series that stay.
    pub(super) fn register_range(&mut self, series: impl Iterator<Item = S>) -> Option<u32> {
        let mut first = None;
        for series in series {
            let slot = self.register(series, Lifetime::Static)?;
            first.get_or_insert(slot);
        }
        first
    }

    /// Notes that a thread keeps the slot; `false` if the series has retired.
    pub(super) fn hold(&mut self, slot: u32) -> bool {
        match self.series.get_mut(slot as usize) {
            Some(entry) if entry.lifetime != Lifetime::Retired => {
                entry.holders += 1;
                entry.idle = 0;
                true
            }
            _ => false,
        }
    }

    /// Takes a [`hold`](Self::hold) back: all that the thread added was added before.
    pub(super) fn let_go(&mut self, slot: u32) {
        if let Some(entry) = self.series.get_mut(slot as usize) {
            entry.holders = entry.holders.saturating_sub(1);
        }
    }

    pub(super) fn is_retired(&self, slot: u32) -> bool {
        self.entry(slot)
            .is_none_or(|entry| entry.lifetime == Lifetime::Retired)
    }

    /// Adds up what was counted since the last drain, by slot. A slot that `ready` refuses keeps
    /// its counts for a later drain.
    pub(super) fn drain(
        &mut self,
        mut ready: impl FnMut(u32, &Entry<S>) -> bool,
        deltas: &mut Vec<u64>,
    ) {
        let Self { series, blocks, .. } = self;
        deltas.clear();
        deltas.resize(series.len(), 0);
        for tracked in blocks.iter_mut().flat_map(|block| &mut block.chunks) {
            let first = tracked.number * CELLS;
            // A chunk reaches beyond the last series, but does not begin there.
            let (Some(entries), Some(deltas), Ok(slots)) = (
                series.get_mut(first..),
                deltas.get_mut(first..),
                u32::try_from(first),
            ) else {
                continue;
            };
            let entries = entries.iter_mut().zip(deltas).zip(slots..);
            for (cell, ((entry, delta), slot)) in (0..CELLS).zip(entries) {
                let now = tracked.chunk.get(cell);
                let seen = &mut tracked.seen[cell];
                if now == *seen {
                    continue;
                }
                entry.idle = 0;
                if ready(slot, entry) {
                    *delta = delta.wrapping_add(now.wrapping_sub(*seen));
                    *seen = now;
                }
            }
        }
    }

    /// Hands the values of one part and their slots to `each`, in the order recorded; `false` if
    /// there are no more parts. Part 0 is what threads recorded whose block is gone and what was
    /// refused before, each further part is a block. What `each` refuses stays for later.
    ///
    /// A part has at most [`RING`] values.
    pub(super) fn drain_values(
        &mut self,
        part: usize,
        mut each: impl FnMut(u32, &Entry<S>, f64) -> bool,
    ) -> bool {
        let Self {
            series,
            blocks,
            late,
            ..
        } = self;
        let mut refused = VecDeque::new();
        let mut each = |slot: u32, value| {
            if let Some(entry) = series.get_mut(slot as usize) {
                entry.idle = 0;
                if !each(slot, entry, value) {
                    refused.push_back((slot, value));
                }
            }
        };
        if let Some(block) = part.checked_sub(1) {
            let Some(block) = blocks.get(block) else {
                return false;
            };
            if let Some(ring) = block.ring {
                ring.drain(&mut each);
            }
        } else {
            for (slot, value) in late.drain(..) {
                each(slot, value);
            }
        }
        for (slot, value) in refused {
            self.record_shared(slot, value);
        }
        true
    }

    /// Records on behalf of a thread that has no block any more.
    pub(super) fn record_shared(&mut self, slot: u32, value: f64) {
        if self.late.len() >= RING {
            self.late.pop_front();
            self.given_up += 1;
        }
        self.late.push_back((slot, value));
    }

    /// Gives up all but the newest `kept` values of each thread.
    pub(super) fn give_up_values(&mut self, kept: u64) {
        for ring in self.blocks.iter().filter_map(|block| block.ring) {
            self.given_up += ring.keep_newest(kept);
        }
    }

    /// How many values were given up.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Ends an epoch, right after a drain: retires what was idle for long, and gives the slots of
    /// those free that nobody holds. Of a series that `pinned` names, the cells count what is
    /// going on: it stays while there is something. Returns the slots that have retired now.
    pub(super) fn end_epoch(&mut self, pinned: impl Fn(&S) -> bool) -> Vec<u32> {
        let mut leaving = Vec::new();
        let retired = core::mem::take(&mut self.retired);
        for slot in retired {
            let entry = &self.series[slot as usize];
            let pinned = pinned(&entry.series) && self.sum(slot) != entry.origin;
            let unused = entry.idle > 0 && entry.holders == 0 && !pinned;
            // Twice, since a timer records first and unpins then: who sees it unpinned in one
            // epoch has its value in the next.
            if unused && entry.idle > 1 {
                self.vacant.push(slot);
            } else {
                self.series[slot as usize].idle = if unused { 2 } else { 1 };
                self.retired.push(slot);
            }
        }
        for slot in (0..).take(self.series.len()) {
            let entry = &mut self.series[slot as usize];
            if entry.lifetime != Lifetime::WhileUsed {
                continue;
            }
            entry.idle = entry.idle.saturating_add(1);
            if entry.idle <= IDLE_EPOCHS {
                continue;
            }
            let entry = &self.series[slot as usize];
            if pinned(&entry.series) && self.sum(slot) != entry.origin {
                self.series[slot as usize].idle = 0;
                continue;
            }
            let entry = &mut self.series[slot as usize];
            entry.lifetime = Lifetime::Retired;
            entry.idle = 1;
            self.retired.push(slot);
            leaving.push(slot);
        }
        leaving
    }

    /// The sum of a slot's cells.
    fn sum(&self, slot: u32) -> u64 {
        let (number, cell) = chunk::place(slot);
        self.blocks
            .iter()
            .flat_map(|block| &block.chunks)
            .filter(|tracked| tracked.number == number)
            .fold(0, |sum, tracked| sum.wrapping_add(tracked.chunk.get(cell)))
    }

    fn new_block(&mut self) -> BlockId {
        self.blocks.push(Block {
            chunks: Vec::new(),
            directory: &[],
            ring: None,
        });
        BlockId(self.blocks.len() - 1)
    }
}

#[cfg(test)]
#[allow(
    dead_code,
    reason = "each copy of this file is tested for other things"
)]
impl<S> State<S> {
    /// How many blocks were ever made.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// All that was ever added to a slot; the drain's memory is left alone.
    pub(super) fn total(&self, slot: u32) -> u64 {
        self.sum(slot)
    }
}

impl Block {
    /// The directory, with a chunk for `slot`.
    fn extend(&mut self, slot: u32) -> Directory {
        let (number, _) = chunk::place(slot);
        if self.directory.len() <= number {
            // The old one is leaked, since the owner may be reading it: doubling keeps what is
            // leaked below what is used.
            let room = (number + 1).next_power_of_two().max(8);
            let directory = chunk::leak_directory(room);
            for tracked in &self.chunks {
                directory[tracked.number].get_or_init(|| tracked.chunk);
            }
            self.directory = directory;
        }
        self.directory[number].get_or_init(|| {
            let chunk = Chunk::leak();
            self.chunks.push(Tracked {
                number,
                chunk,
                seen: Box::new([0; CELLS]),
            });
            chunk
        });
        self.directory
    }
}
