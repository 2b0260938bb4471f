//! Everything that one thread owns: its chunks of cells and its rings of values.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::chunk::{self, Amount, CELLS, Chunk, Directory};
use super::entry::Entry;
use super::kept::Kept;
use super::place::Place;
use super::rings::Rings;

/// The chunks and the rings of one thread. When the thread ends, another adopts them.
pub(super) struct Block {
    /// Whether a thread owns this block, and so may have its ring.
    pub(super) is_owned: bool,
    /// In the order in which they were made.
    pub(super) chunks: Vec<Tracked>,
    pub(super) directory: Directory,
    pub(super) rings: Rings,
    /// Values that were taken out and whose counts were not, by their [`Pair`].
    pub(super) uncounted: HashMap<Pair, u64, RandomState>,
}

/// A counter and a histogram of the same calls with the same dimensions: each call adds 1, then
/// records a value, on the same thread.
pub(crate) type Pair = u64;

/// A chunk, and the cells as the last drain saw them.
pub(super) struct Tracked {
    pub(super) number: usize,
    pub(super) chunk: &'static Chunk,
    /// The number of the [memory](super::kept) that the chunk is in; 0 if it ends with the process.
    pub(super) memory: u32,
    /// The cells as the last drain saw them.
    pub(super) seen: Box<[u64; CELLS]>,
    /// Additions since the last drain that are not in their cells any more, by cell.
    moved: BTreeMap<usize, i128>,
    /// What a cell lacks to the total of its additions, by cell. It is negative if additions were moved to
    /// another chunk, since they stay in this cell, too.
    carried: BTreeMap<usize, i128>,
}

impl Tracked {
    fn new(number: usize, chunk: &'static Chunk, memory: u32) -> Self {
        Self {
            number,
            chunk,
            memory,
            seen: Box::new([0; CELLS]),
            moved: BTreeMap::new(),
            carried: BTreeMap::new(),
        }
    }

    /// Moves the additions since the last drain to the same cells of another chunk, in which nobody else
    /// counts. What the owner adds meanwhile stays, and so does a sum that shrank.
    fn move_to(&mut self, to: &Chunk) {
        for cell in 0..CELLS {
            if self.is_unchanged(cell, self.chunk.get(cell)) || self.moved.contains_key(&cell) {
                continue;
            }
            // Before the cell is read, since an allocator may be annotated, and count in the same cell.
            let carried = self.carried.entry(cell).or_default();
            let now = self.chunk.get(cell);
            let added = now.wrapping_sub(self.seen[cell]);
            if added.cast_signed() > 0 && to.add_in_range(cell, Amount::Unsigned(added)) {
                self.seen[cell] = now;
                *carried = carried.saturating_sub(added.into());
            }
        }
    }

    /// Adds to a cell. For its owner alone. If the cell begins again at 0, returns the sum that is no
    /// longer in it.
    fn add(&mut self, cell: usize, n: Amount) -> Option<i128> {
        if self.chunk.add_in_range(cell, n) {
            return None;
        }
        // Before the cell is read, since an allocator may be annotated, and count in the same cell.
        self.moved.entry(cell).or_default();
        // The cell begins again at 0, so that its next additions need no lock.
        let added = self.added(cell, self.chunk.get(cell), n.is_signed());
        self.moved.insert(cell, added.saturating_add(n.exact()));
        let total = self.total(cell, n.is_signed());
        self.carried.insert(cell, total.saturating_add(n.exact()));
        let left = number(self.chunk.get(cell), n.is_signed());
        self.chunk.clear(cell);
        self.seen[cell] = 0;
        Some(left.saturating_add(n.exact()))
    }

    /// All that was ever added to a cell.
    pub(super) fn total(&self, cell: usize, is_signed: bool) -> i128 {
        let carried = self.carried.get(&cell).copied().unwrap_or(0);
        carried.saturating_add(number(self.chunk.get(cell), is_signed))
    }

    /// Whether nothing was added since the last drain to a cell whose value is `now`.
    pub(super) fn is_unchanged(&self, cell: usize, now: u64) -> bool {
        now == self.seen[cell] && !self.moved.contains_key(&cell)
    }

    /// The additions since the last drain to a cell whose value is `now`.
    pub(super) fn added(&self, cell: usize, now: u64, is_signed: bool) -> i128 {
        let moved = self.moved.get(&cell).copied().unwrap_or(0);
        moved.saturating_add(number(now, is_signed) - number(self.seen[cell], is_signed))
    }

    /// Takes the [additions](Self::added) to a cell whose value is `now`.
    pub(super) fn take(&mut self, cell: usize, now: u64) {
        self.moved.remove(&cell);
        self.seen[cell] = now;
    }

    /// Takes `n`, a part of the additions to a cell of a sum that only grows.
    pub(super) fn take_part(&mut self, cell: usize, n: u64) {
        let n = match self.moved.remove(&cell) {
            Some(moved) if moved > n.into() => {
                self.moved.insert(cell, moved - i128::from(n));
                0
            }
            Some(moved) => n.saturating_sub(u64::try_from(moved).unwrap_or(0)),
            None => n,
        };
        self.seen[cell] = self.seen[cell].wrapping_add(n);
    }
}

/// The sum in a cell.
fn number(value: u64, is_signed: bool) -> i128 {
    if is_signed {
        value.cast_signed().into()
    } else {
        value.into()
    }
}

impl Block {
    pub(super) fn new() -> Self {
        Self {
            is_owned: true,
            chunks: Vec::new(),
            directory: &[],
            rings: Rings::new(),
            uncounted: HashMap::default(),
        }
    }

    /// Discards all that was measured and not drained.
    pub(super) fn discard(&mut self) {
        for tracked in &mut self.chunks {
            for (cell, seen) in tracked.seen.iter_mut().enumerate() {
                *seen = tracked.chunk.get(cell);
            }
            tracked.moved.clear();
        }
        self.rings.discard();
        self.uncounted.clear();
    }

    /// Adds to a slot's cell, and returns the directory, which has that cell. For the owner alone. `kept` is
    /// the memory for further chunks, if they outlive the process. If a cell there begins again at 0, also
    /// returns the sum that is no longer in it.
    pub(super) fn add<S>(
        &mut self,
        slot: u32,
        n: Amount,
        kept: Option<&Kept<S>>,
    ) -> (Directory, Option<i128>) {
        let directory = self.extend(slot, kept);
        let (number, cell) = chunk::position(slot);
        // The last one with this number is in the directory.
        let mut chunks = self.chunks.iter_mut().rev();
        let tracked = chunks.find(|tracked| tracked.number == number);
        let left = tracked.and_then(|tracked| {
            let left = tracked.add(cell, n);
            left.filter(|_| kept.is_some_and(|kept| kept.is(tracked.memory)))
        });
        (directory, left)
    }

    /// Adds the counts since the last drain to `deltas`. Both `series` and `deltas` are by slot. A slot that
    /// `ready` refuses keeps its counts for a later drain. From a series with a `pair`, takes as many counts
    /// as values were taken out before.
    pub(super) fn drain_counts<S>(
        &mut self,
        series: &mut [Entry<S>],
        deltas: &mut [i128],
        mut kept: Option<&mut Kept<S>>,
        is_signed: impl Fn(&S) -> bool,
        pair: impl Fn(&S) -> Option<Pair>,
        mut ready: impl FnMut(u32, &Entry<S>) -> bool,
    ) {
        for tracked in &mut self.chunks {
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
                if tracked.is_unchanged(cell, now) {
                    continue;
                }
                entry.measured();
                if !ready(slot, entry) {
                    continue;
                }
                let mut added = tracked.added(cell, now, is_signed(&entry.series));
                if let Some(pair) = pair(&entry.series) {
                    let counted = u64::try_from(added).unwrap_or(u64::MAX);
                    let values = self.uncounted.remove(&pair).unwrap_or(0);
                    if values > counted {
                        self.uncounted.insert(pair, values - counted);
                    }
                    let counted = counted.min(values);
                    tracked.take_part(cell, counted);
                    added = counted.into();
                } else {
                    tracked.take(cell, now);
                }
                *delta = delta.saturating_add(added);
                if let Some(kept) = &mut kept
                    && kept.is(tracked.memory)
                {
                    kept.drained(slot, added);
                }
            }
        }
    }

    /// Lets the owner look for chunks in `kept` at its next measurements. All that was not drained moves there
    /// now, except for an addition that is under way, which moves when the owner comes.
    pub(super) fn leave_chunks<S>(&mut self, kept: &Kept<S>) {
        self.directory.iter().for_each(Place::clear);
        let undrained = self.chunks.iter().filter(|tracked| {
            (0..CELLS).any(|cell| !tracked.is_unchanged(cell, tracked.chunk.get(cell)))
        });
        let numbers: BTreeSet<_> = undrained.map(|tracked| tracked.number).collect();
        for number in numbers {
            self.make_chunk(number, Some(kept));
        }
    }

    /// The directory, with a chunk for `slot`.
    fn extend<S>(&mut self, slot: u32, kept: Option<&Kept<S>>) -> Directory {
        let (number, _) = chunk::position(slot);
        if self.directory.len() <= number {
            // The old directory is leaked, since the owner may be reading it. Doubling keeps the
            // leaked memory below the used memory.
            let room = (number + 1).next_power_of_two().max(8);
            let directory = chunk::leak_directory(room);
            for (place, old) in directory.iter().zip(self.directory) {
                if let Some(chunk) = old.get() {
                    place.set(chunk);
                }
            }
            self.directory = directory;
        }
        if self.directory[number].get().is_none() {
            let chunk = self.make_chunk(number, kept);
            self.directory[number].set(chunk);
        }
        self.directory
    }

    /// A chunk with this number that the directory does not have yet.
    fn make_chunk<S>(&mut self, number: usize, kept: Option<&Kept<S>>) -> &'static Chunk {
        let chunks = &mut self.chunks;
        let made = kept.and_then(|kept| {
            let is_made = |tracked: &&Tracked| tracked.number == number && kept.is(tracked.memory);
            let made = chunks.iter().find(is_made).map(|tracked| tracked.chunk);
            made.or_else(|| {
                let (chunk, memory) = kept.chunk(number)?;
                chunks.push(Tracked::new(number, chunk, memory));
                Some(chunk)
            })
        });
        let Some(chunk) = made else {
            let chunk = Chunk::leak();
            chunks.push(Tracked::new(number, chunk, 0));
            return chunk;
        };
        let others = chunks
            .iter_mut()
            .filter(|tracked| tracked.number == number && !std::ptr::eq(tracked.chunk, chunk));
        others.for_each(|tracked| tracked.move_to(chunk));
        chunk
    }
}
