//! The cells of all threads, and the drain.
//!
//! A slot is the number of a series. Each thread owns a block: one cell for each slot it has
//! touched, in chunks. The drain reads the cells, remembers what it saw, and takes the wrapping
//! difference: it never writes where a thread writes, so neither can undo the other's work.
//!
//! The lock orders what the cells alone do not: a thread that ends releases its block under the
//! lock, the next owner claims it under the lock, and the drain compares under the lock. So an
//! owner sees all that its predecessor stored, and a drain after the release sees it too.

use super::chunk::{self, CELLS, Chunk, Directory};
use super::sync::{Mutex, MutexGuard, PoisonError};

/// The number of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BlockId(usize);

/// All blocks, and what `S` says of each slot.
pub(super) struct Slots<S> {
    pub(super) state: Mutex<State<S>>,
}

pub(super) struct State<S> {
    /// By slot.
    series: Vec<S>,
    blocks: Vec<Block>,
    /// Blocks whose thread has ended.
    free: Vec<BlockId>,
    /// The block for threads whose own is gone; written only under the lock.
    shared: Option<BlockId>,
}

struct Block {
    /// Those that exist, in the order of their making.
    chunks: Vec<Tracked>,
    directory: Directory,
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
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `f` with every series from slot `from` on.
    pub(super) fn for_each_series(&self, from: usize, mut f: impl FnMut(usize, &S)) {
        for (slot, series) in self.lock().series.iter().enumerate().skip(from) {
            f(slot, series);
        }
    }

    /// Gives `series` a slot, unless `existing` finds that it has one by now.
    pub(super) fn register(
        &self,
        existing: impl FnOnce() -> Option<u32>,
        series: impl FnOnce() -> S,
        publish: impl FnOnce(u32),
    ) -> Option<u32> {
        let mut state = self.lock();
        if let Some(slot) = existing() {
            return Some(slot);
        }
        // The last number means "none yet".
        let slot = u32::try_from(state.series.len())
            .ok()
            .filter(|slot| *slot < u32::MAX)?;
        state.series.push(series());
        publish(slot);
        Some(slot)
    }

    /// A block for the calling thread: one whose thread has ended, or a new one.
    pub(super) fn claim(&self) -> (BlockId, Directory) {
        let mut state = self.lock();
        let id = state.free.pop().unwrap_or_else(|| state.new_block());
        (id, state.blocks[id.0].directory)
    }

    /// Hands a block back. Its owner must not touch it afterwards.
    pub(super) fn release(&self, block: BlockId) {
        self.lock().free.push(block);
    }

    /// The block's directory, with a chunk for `slot`.
    pub(super) fn extend(&self, block: BlockId, slot: u32) -> Directory {
        self.lock().blocks[block.0].extend(slot)
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

    /// Adds up what was counted since the last drain, by slot. A slot that `ready` refuses keeps
    /// its counts for a later drain.
    pub(super) fn drain(&self, ready: impl Fn(usize) -> bool, deltas: &mut Vec<u64>) {
        let mut state = self.lock();
        deltas.clear();
        deltas.resize(state.series.len(), 0);
        for block in &mut state.blocks {
            for tracked in &mut block.chunks {
                for (cell, seen) in tracked.seen.iter_mut().enumerate() {
                    let slot = tracked.number * CELLS + cell;
                    let now = tracked.chunk.get(cell);
                    if now != *seen && slot < deltas.len() && ready(slot) {
                        deltas[slot] = deltas[slot].wrapping_add(now.wrapping_sub(*seen));
                        *seen = now;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(
    dead_code,
    reason = "each copy of this file is tested for other things"
)]
impl<S> Slots<S> {
    /// How many blocks were ever made.
    pub(super) fn blocks(&self) -> usize {
        self.lock().blocks.len()
    }

    /// All that was ever added, by slot; the drain's memory is left alone.
    pub(super) fn totals(&self) -> Vec<u64> {
        let state = self.lock();
        let mut totals = vec![0_u64; state.series.len()];
        for tracked in state.blocks.iter().flat_map(|block| &block.chunks) {
            for cell in 0..CELLS {
                if let Some(total) = totals.get_mut(tracked.number * CELLS + cell) {
                    *total = total.wrapping_add(tracked.chunk.get(cell));
                }
            }
        }
        totals
    }
}

impl<S> State<S> {
    pub(super) const fn new() -> Self {
        Self {
            series: Vec::new(),
            blocks: Vec::new(),
            free: Vec::new(),
            shared: None,
        }
    }

    fn new_block(&mut self) -> BlockId {
        self.blocks.push(Block {
            chunks: Vec::new(),
            directory: &[],
        });
        BlockId(self.blocks.len() - 1)
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
