//! Cells and rings in memory that outlives the process, and the sums that were drained from the cells.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use super::chunk::Chunk;
use super::memory::{Memory, Samples};

/// All memory that cells are in, for a fork: a list that is read without a lock.
static ALL: OnceLock<&'static Node> = OnceLock::new();

struct Node {
    memory: Arc<dyn Memory>,
    next: OnceLock<&'static Self>,
}

/// Adds memory to the list.
fn list(memory: &Arc<dyn Memory>) {
    let node: &Node = Box::leak(Box::new(Node {
        memory: Arc::clone(memory),
        next: OnceLock::new(),
    }));
    let mut last = &ALL;
    while last.set(node).is_err()
        && let Some(next) = last.get()
    {
        last = &next.next;
    }
}

/// The memory of earlier pipelines has counts that the next one drains and delivers.
pub(in crate::instrument) fn abandon_all() {
    let mut next = ALL.get();
    while let Some(node) = next {
        node.memory.abandon();
        next = node.next.get();
    }
}

/// In a forked child, before it measures: the parent goes on to use the memory of the cells, so the child
/// gets a copy. Allocates nothing, and takes no lock.
pub(super) fn detach_all() {
    let mut next = ALL.get();
    while let Some(node) = next {
        node.memory.detach();
        next = node.next.get();
    }
}

/// The memory for all chunks and rings that threads need from now on.
pub(super) struct Kept<S> {
    memory: Arc<dyn Memory>,
    /// Distinguishes memories; not 0.
    number: u32,
    /// By slot: the wrapping sum of all that was ever drained from cells in the memory.
    drained: Vec<u64>,
    /// The arrays of the last snapshot, and the list before it for its room.
    taken: [Vec<(u32, u64)>; 2],
    /// Whether anything was drained since the last snapshot.
    is_changed: Cell<bool>,
    assign: fn(&dyn Memory, u32, u64, &S),
}

impl<S> Kept<S> {
    /// `assign` notes a slot, the sum of its cells, and its series.
    pub(super) fn new(
        memory: Arc<dyn Memory>,
        number: u32,
        assign: fn(&dyn Memory, u32, u64, &S),
    ) -> Self {
        list(&memory);
        Self {
            memory,
            number,
            drained: Vec::new(),
            taken: [const { Vec::new() }; 2],
            is_changed: Cell::new(false),
            assign,
        }
    }

    /// Whether this memory has this number.
    pub(super) fn is(&self, number: u32) -> bool {
        number == self.number
    }

    pub(super) fn is_in(&self, memory: &Arc<dyn Memory>) -> bool {
        Arc::ptr_eq(&self.memory, memory)
    }

    /// A chunk with this number, and the number of the memory; `None` if there is no room.
    pub(super) fn chunk(&self, number: usize) -> Option<(&'static Chunk, u32)> {
        Some((self.memory.chunk(number)?, self.number))
    }

    pub(super) fn assign(&self, slot: u32, sum: u64, series: &S) {
        (self.assign)(&*self.memory, slot, sum, series);
    }

    /// Additions to a cell of the memory were drained.
    pub(super) fn drained(&mut self, slot: u32, added: i128) {
        self.is_changed.set(true);
        let index = slot as usize;
        if self.drained.len() <= index {
            self.drained.resize(index + 1, 0);
        }
        // The cells wrap around in the same way.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let added = added as u64;
        self.drained[index] = self.drained[index].wrapping_add(added);
    }

    /// Room for the values of one thread; `None` if there is no room.
    pub(super) fn samples(&self) -> Option<(Samples, u32)> {
        Some((self.memory.samples()?, self.number))
    }

    /// An array of samples is not used any more.
    pub(super) fn release(&self, id: u32) {
        self.is_changed.set(true);
        self.memory.release(id);
    }

    /// `arrays` are those of a memory, by its number. A collection that took nothing may never be exported, so
    /// it has no snapshot.
    pub(super) fn snapshot<I: Iterator<Item = (u32, u64)>>(
        &mut self,
        arrays: impl FnOnce(u32) -> I,
    ) {
        let [before, now] = &mut self.taken;
        std::mem::swap(before, now);
        now.clear();
        now.extend(arrays(self.number));
        // The first position is taken from the beginning.
        let is_further = |array: &(u32, u64)| array.1 > 1 && !before.contains(array);
        if self.is_changed.take() || now.iter().any(is_further) {
            self.memory.snapshot(0, &self.drained, now);
        }
    }
}
