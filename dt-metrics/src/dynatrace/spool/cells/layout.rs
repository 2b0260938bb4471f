//! Where everything is in a file of cells. Everything is a word of 64 bits, in the order of bytes of
//! the processor.

use crate::instrument::{self, RingSample};

/// Words in a block. A block is a chunk of cells, or a part of a baseline, a record, or a sample array.
pub(super) const BLOCK_WORDS: usize = 64;

/// The chunk number of a slot, and its cell there.
pub(super) fn position(slot: u32) -> (u32, usize) {
    (slot / CELLS, (slot % CELLS) as usize)
}

/// Cells in a chunk: one for each word of a block.
const CELLS: u32 = 64;

const _: () = assert!(CELLS as usize == BLOCK_WORDS, "a chunk is a block");

/// Blocks in a group. The first block of a group has the tags of all blocks of the group.
pub(super) const GROUP_BLOCKS: u32 = 64;

/// Blocks in the upper half of a group, which is a sample array, or blocks for other things.
pub(super) const HALF_BLOCKS: u32 = GROUP_BLOCKS / 2;

/// Samples in a block of a sample array, with two words each.
pub(super) const SAMPLES_IN_BLOCK: usize = BLOCK_WORDS / 2;

/// Samples in a sample array. The first one is its header.
pub(super) const SAMPLES: usize = HALF_BLOCKS as usize * SAMPLES_IN_BLOCK;

const _: () = assert!(
    SAMPLES == instrument::SAMPLES,
    "a sample array is a half of a group"
);

/// The slot of a sample that was not put in.
pub(super) const NO_SAMPLE: u64 = RingSample::EMPTY;

pub(super) const GROUP_BYTES: u64 = (BLOCK_WORDS * 8) as u64 * GROUP_BLOCKS as u64;

/// The size of a new file: a multiple of the pages of all platforms. Each growth doubles the size.
pub(super) const STEP: u64 = 64 * 1024;

/// The largest file, even if the limit is higher: enough for 100,000 series in 20 threads.
pub(super) const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The first word of a file. In the other order of bytes it is another word.
pub(super) const MAGIC: u64 = u64::from_ne_bytes(*b"dtcells\n");

/// The block with the header.
pub(super) const HEADER: Block = Block(1);

/// A block by its number.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Block(pub(super) u32);

impl Block {
    /// The position of one of its words in the file.
    pub(super) fn word(self, index: usize) -> usize {
        self.0 as usize * BLOCK_WORDS + index
    }

    /// The position of its tag in the file.
    pub(super) fn tag(self) -> usize {
        let in_group = self.0 % GROUP_BLOCKS;
        Self(self.0 - in_group).word(in_group as usize)
    }

    /// The position of the slot of a sample, in the sample array that begins with this block. The value is in
    /// the next word. Sample 0 has, for each of the two baselines, how many samples were taken,
    /// itself included.
    pub(super) fn sample(self, index: usize) -> usize {
        self.word(index * 2)
    }

    /// Whether it is the first block of an upper half.
    pub(super) fn is_half(self) -> bool {
        self.0 % GROUP_BLOCKS == HALF_BLOCKS
    }

    pub(super) fn is_in_half(self) -> bool {
        self.0 % GROUP_BLOCKS >= HALF_BLOCKS
    }

    /// The blocks of the half that begins with this block.
    pub(super) fn half(self) -> impl DoubleEndedIterator<Item = Self> {
        (self.0..self.0 + HALF_BLOCKS).map(Self)
    }

    /// Whether it is neither the tags of a group nor the header.
    pub(super) fn is_usable(self) -> bool {
        !self.0.is_multiple_of(GROUP_BLOCKS) && self != HEADER
    }
}

/// The lower 32 bits of a word.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the other bits do not belong to it"
)]
pub(super) fn low_half(word: u64) -> u32 {
    word as u32
}

/// One of the two buffers of baselines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Buffer {
    A,
    B,
}

impl Buffer {
    pub(super) fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    pub(super) fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

/// The use of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tag {
    /// Free, a later part of a record or of a sample array, or a part of the record of the labels.
    None,
    /// A chunk of cells with this chunk number.
    Chunk(u32),
    /// The drained sums of the cells with this chunk number.
    Baseline(Buffer, u32),
    /// The first part of the record of the series that counts in this slot.
    Record(u32),
    /// The first part of the record of a series that no longer counts in this slot.
    Ended(u32),
    /// The first block of a sample array: values that one thread recorded, one after another. Only for the
    /// first block of an upper half.
    Samples,
}

impl Tag {
    pub(super) fn to_word(self) -> u64 {
        let (kind, number) = match self {
            Self::None => (0, 0),
            Self::Chunk(number) => (1, number),
            Self::Baseline(Buffer::A, number) => (2, number),
            Self::Baseline(Buffer::B, number) => (3, number),
            Self::Record(slot) => (4, slot),
            Self::Ended(slot) => (5, slot),
            Self::Samples => (6, 0),
        };
        kind << 32 | u64::from(number)
    }

    pub(super) fn from_word(word: u64) -> Option<Self> {
        let number = low_half(word);
        let is_chunk = number <= u32::MAX / CELLS;
        match word >> 32 {
            0 if number == 0 => Some(Self::None),
            1 if is_chunk => Some(Self::Chunk(number)),
            2 if is_chunk => Some(Self::Baseline(Buffer::A, number)),
            3 if is_chunk => Some(Self::Baseline(Buffer::B, number)),
            4 => Some(Self::Record(number)),
            5 => Some(Self::Ended(number)),
            6 if number == 0 => Some(Self::Samples),
            _ => None,
        }
    }
}

/// The snapshot that is the baseline. One word, so that one store changes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Commit {
    /// From 1.
    pub(super) number: u64,
    pub(super) buffer: Buffer,
}

impl Commit {
    /// The word in place of a commit if there is no baseline.
    pub(super) const VOID: u64 = 0;

    pub(super) fn to_word(self) -> u64 {
        self.number << 1 | self.buffer.index() as u64
    }

    /// `None` if there is no baseline.
    pub(super) fn from_word(word: u64) -> Option<Self> {
        let buffer = if word & 1 == 0 { Buffer::A } else { Buffer::B };
        let number = word >> 1;
        (number > 0).then_some(Self { number, buffer })
    }
}

/// The words of the header. In every version of the layout, the version, the token, the process and the commit
/// have these places.
pub(super) mod header {
    pub(in super::super) const VERSION: usize = 0;
    pub(in super::super) const TOKEN: usize = 1;
    pub(in super::super) const PROCESS: usize = 2;
    pub(in super::super) const RUN: usize = 3;
    pub(in super::super) const BOOT: [usize; 2] = [4, 5];
    /// The checksum of the words before.
    pub(in super::super) const CHECKSUM: usize = 6;
    /// The [`Commit`](super::Commit).
    pub(in super::super) const COMMITTED: usize = 7;
    /// When the snapshot in each buffer was collected, in milliseconds since 1970.
    pub(in super::super) const TIMES: [usize; 2] = [8, 9];
    /// How many groups have blocks in use.
    pub(in super::super) const GROUPS: usize = 10;
    /// The first block of the record of the process's labels.
    pub(in super::super) const LABELS: usize = 11;
    /// The number of the snapshot in each buffer; 0 while it is not complete.
    pub(in super::super) const NUMBERS: [usize; 2] = [12, 13];
}

/// The words of the first block of a record. The record of the labels has the token of the file as its origin,
/// and no end.
pub(super) mod record {
    use super::BLOCK_WORDS;

    /// The sum of the slot's cells when the series got the slot.
    pub(in super::super) const ORIGIN: usize = 0;
    /// Of a counter, the sum of the slot's cells when the series lost the slot; of a histogram, the number of
    /// a snapshot in which all its values were taken.
    pub(in super::super) const END: usize = 1;
    /// The length of the description in bytes, and above it the checksum.
    pub(in super::super) const LENGTH: usize = 2;
    /// The next block of the record. In the blocks after the first it is the first word.
    pub(in super::super) const NEXT: usize = 3;
    /// The first word of the description.
    pub(in super::super) const DATA: usize = 4;

    /// A longer description is not recorded.
    pub(in super::super) const MAX_LENGTH: usize = 64 * 1024;

    /// Bytes of a description in its first block, and in each further block.
    const FIRST: usize = (BLOCK_WORDS - DATA) * 8;
    const FURTHER: usize = (BLOCK_WORDS - 1) * 8;

    /// How many blocks follow the first block of a record.
    pub(in super::super) fn further_blocks(length: usize) -> usize {
        length.saturating_sub(FIRST).div_ceil(FURTHER)
    }
}
