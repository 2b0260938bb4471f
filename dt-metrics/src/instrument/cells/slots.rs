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

// By path, since this file is compiled in two places.
#[path = "slots/block.rs"]
mod block;
#[path = "slots/drain.rs"]
mod drain;
#[path = "slots/epoch.rs"]
mod epoch;

use std::collections::VecDeque;

use self::block::Block;
use super::chunk::{self, Directory};
use super::ring::Ring;
use super::sync::{Mutex, MutexGuard, PoisonError};

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
    /// Until it was idle for [some epochs](State::end_epoch).
    WhileUsed,
    /// Over, but for what is under way.
    Retired,
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

    /// How many values were given up.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
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
        self.blocks.push(Block::new());
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
