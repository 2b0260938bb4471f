//! Cells that one thread owns, and the directory in which it finds them.
#![allow(
    clippy::inline_always,
    reason = "debug builds, in which tests run, call all other functions"
)]

use super::place::Place;
pub(super) use super::sync::CELLS;
use super::sync::{AtomicU64, Ordering};

/// A run of cells. Only its owner writes to them; the drain only reads.
///
/// Aligned so that two threads never share a cache line, nor the neighbour that the processor
/// fetches along with it.
#[repr(align(128))]
pub(crate) struct Chunk {
    cells: [AtomicU64; CELLS],
}

impl Chunk {
    /// A chunk of zeros that is never freed: when its owner's thread ends, another adopts it.
    pub(super) fn leak() -> &'static Self {
        Box::leak(Box::new(Self {
            cells: core::array::from_fn(|_| AtomicU64::new(0)),
        }))
    }

    /// Adds to a cell. For the owner alone: a load and a store, no locked instruction, so a
    /// second writer would lose increments.
    #[inline(always)]
    pub(crate) fn add(&self, cell: usize, n: u64) {
        let cell = &self.cells[cell % CELLS];
        cell.store(
            cell.load(Ordering::Relaxed).wrapping_add(n),
            Ordering::Relaxed,
        );
    }

    /// Adds to a cell as [`add`](Self::add) does; whoever sees the sum also sees all that the owner
    /// did before.
    #[inline]
    pub(super) fn add_release(&self, cell: usize, n: u64) {
        let cell = &self.cells[cell % CELLS];
        cell.store(
            cell.load(Ordering::Relaxed).wrapping_add(n),
            Ordering::Release,
        );
    }

    /// Adds to a cell as [`add`](Self::add) does, unless that would exceed the range of its sum:
    /// then it returns `false`, and the cell is unchanged.
    #[inline]
    pub(super) fn add_in_range(&self, cell: usize, n: Amount) -> bool {
        let cell = &self.cells[cell % CELLS];
        let sum = cell.load(Ordering::Relaxed);
        let sum = match n {
            Amount::Unsigned(n) => sum.checked_add(n),
            Amount::Signed(n) => sum.cast_signed().checked_add(n).map(i64::cast_unsigned),
        };
        sum.map(|sum| cell.store(sum, Ordering::Relaxed)).is_some()
    }

    /// Sets a cell to 0. For the owner alone, and under the lock.
    pub(super) fn clear(&self, cell: usize) {
        self.cells[cell % CELLS].store(0, Ordering::Relaxed);
    }

    /// The value of a cell, with at least all additions that happened before the call.
    pub(crate) fn get(&self, cell: usize) -> u64 {
        self.cells[cell % CELLS].load(Ordering::Acquire)
    }
}

/// A thread's chunks, by chunk number. Only the owner reads or fills it.
pub(super) type Directory = &'static [Place<Chunk>];

/// An empty directory with room for `chunks`, never freed.
pub(super) fn leak_directory(chunks: usize) -> Directory {
    (0..chunks)
        .map(|_| Place::empty())
        .collect::<Vec<_>>()
        .leak()
}

/// A number to add to a cell. All additions to a cell are of the same kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    /// The cell of a sum that only grows.
    Unsigned(u64),
    /// The cell of a sum that grows and shrinks.
    Signed(i64),
}

impl Amount {
    pub(super) fn is_signed(self) -> bool {
        matches!(self, Self::Signed(_))
    }

    /// The sum of two amounts of one cell, as far as it is in range.
    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unsigned(a), Self::Unsigned(b)) => Self::Unsigned(a.saturating_add(b)),
            (Self::Signed(a), Self::Signed(b)) => Self::Signed(a.saturating_add(b)),
            _ => other,
        }
    }

    pub(super) fn exact(self) -> i128 {
        match self {
            Self::Unsigned(n) => n.into(),
            Self::Signed(n) => n.into(),
        }
    }
}

/// Every slot is below this number, so that [`MAX_SLOTS`] plus any index is never a slot.
pub(crate) const MAX_SLOTS: u32 = 1 << 30;

/// The chunk of a slot, and its cell there.
#[inline(always)]
pub(super) const fn position(slot: u32) -> (usize, usize) {
    (slot as usize / CELLS, slot as usize % CELLS)
}

/// Adds to the slot's cell; `false` if the directory has none yet.
#[inline(always)]
pub(super) fn add(directory: Directory, slot: u32, n: u64) -> bool {
    let (chunk, cell) = position(slot);
    if chunk < directory.len()
        && let Some(chunk) = directory[chunk].get()
    {
        chunk.add(cell, n);
        return true;
    }
    false
}

/// Adds to the slot's cell with [`Chunk::add_release`]; `false` if the directory has none yet.
#[inline]
pub(super) fn add_release(directory: Directory, slot: u32, n: u64) -> bool {
    let (chunk, cell) = position(slot);
    match directory.get(chunk).and_then(Place::get) {
        Some(chunk) => {
            chunk.add_release(cell, n);
            true
        }
        None => false,
    }
}

/// Adds to the slot's cell with [`Chunk::add_in_range`]; `false` if it does not, or if the directory
/// has no cell yet.
#[inline]
pub(super) fn add_in_range(directory: Directory, slot: u32, n: Amount) -> bool {
    let (chunk, cell) = position(slot);
    match directory.get(chunk).and_then(Place::get) {
        Some(chunk) => chunk.add_in_range(cell, n),
        None => false,
    }
}
