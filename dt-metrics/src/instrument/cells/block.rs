//! Everything that one thread owns: its chunks of cells and its ring of values.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::chunk::{self, CELLS, Chunk, Directory};
use super::ring::Ring;

/// The chunks and the ring of one thread. When the thread ends, another adopts them.
pub(super) struct Block {
    /// In the order in which they were made.
    pub(super) chunks: Vec<Tracked>,
    pub(super) directory: Directory,
    /// Present once the owner has recorded a value.
    pub(super) ring: Option<&'static Ring>,
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
    /// The cells as the last drain saw them.
    pub(super) seen: Box<[u64; CELLS]>,
}

impl Block {
    pub(super) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            directory: &[],
            ring: None,
            uncounted: HashMap::default(),
        }
    }

    /// Discards all that was measured and not drained.
    pub(super) fn discard(&mut self) {
        for tracked in &mut self.chunks {
            for (cell, seen) in tracked.seen.iter_mut().enumerate() {
                *seen = tracked.chunk.get(cell);
            }
        }
        if let Some(ring) = self.ring {
            ring.take(0, |_, _| ());
        }
        self.uncounted.clear();
    }

    /// The directory, with a chunk for `slot`.
    pub(super) fn extend(&mut self, slot: u32) -> Directory {
        let (number, _) = chunk::position(slot);
        if self.directory.len() <= number {
            // The old directory is leaked, since the owner may be reading it. Doubling keeps the
            // leaked memory below the used memory.
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
