//! The cells of one thread.

use super::super::chunk::{self, CELLS, Chunk, Directory};
use super::super::ring::Ring;

/// What one thread owns.
pub(super) struct Block {
    /// Those that exist, in the order of their making.
    pub(super) chunks: Vec<Tracked>,
    pub(super) directory: Directory,
    /// The values its owner has recorded, if it ever did.
    pub(super) ring: Option<&'static Ring>,
}

/// A chunk, and what is known of it.
pub(super) struct Tracked {
    pub(super) number: usize,
    pub(super) chunk: &'static Chunk,
    /// What the last drain saw.
    pub(super) seen: Box<[u64; CELLS]>,
}

impl Block {
    pub(super) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            directory: &[],
            ring: None,
        }
    }

    /// The directory, with a chunk for `slot`.
    pub(super) fn extend(&mut self, slot: u32) -> Directory {
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
