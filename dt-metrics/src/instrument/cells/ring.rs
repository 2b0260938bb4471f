//! Values that one thread recorded and the drain has not taken yet.

use std::sync::Arc;

use super::memory::Samples;
use super::sample::RingSample;
use super::sync::{AtomicU64, DUE, Ordering, RING, SMALLEST_RING};

/// A queue between two sides: the thread that owns it puts values in, and whoever holds the lock of
/// the slots takes them out.
///
/// Positions only grow; the index of a position is its remainder. The samples between the two
/// positions belong to the taker, and all others to the owner.
///
/// The owner does not read the position of the taker, but a copy of it, which the lock changes as well.
/// The copy stays behind if the owner may not use samples again:
///
/// - A ring in [memory that outlives the process](super::memory) is filled once. Its copy stays at 0, so
///   that it is full once position 0, which has no value, would be used again.
/// - A ring is [closed](Self::close) if its owner has to look for another one.
///
/// In the heap, a thread begins with a small ring. If that is full, a larger one takes its place, up to
/// [`RING`] values.
///
/// Each side writes to cache lines of its own, so that the two sides do not slow each other down.
pub(super) struct Ring {
    filled: Filled,
    taken: Taken,
}

/// The side of the owner. The samples never change, and the owner reads their address with each value.
#[repr(align(128))]
struct Filled {
    /// How many positions were filled. Written by the owner.
    put: AtomicU64,
    samples: Room,
    array: Option<ArrayId>,
}

/// The side of the taker. Written under the lock.
#[repr(align(128))]
struct Taken {
    /// The position of the taker, or a position before it, for the owner to compare with.
    for_owner: AtomicU64,
    /// The position of the taker.
    position: AtomicU64,
}

/// As many samples as a power of two. Both variants have the same layout, so that the owner need
/// not distinguish them.
enum Room {
    Heap(Box<[RingSample]>),
    Memory(&'static [RingSample]),
}

impl Room {
    #[inline]
    fn samples(&self) -> &[RingSample] {
        match self {
            Self::Heap(samples) => samples,
            Self::Memory(samples) => samples,
        }
    }
}

/// The array of samples that a ring has in memory that outlives the process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ArrayId {
    /// The number of the [memory](super::kept).
    pub(super) memory: u32,
    /// The [id](Samples::id) of the array there.
    pub(super) id: u32,
}

/// The result of [`Ring::put`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Put {
    Done,
    /// Done, and so many values are waiting now that it is time to take them out.
    Due,
    /// Not done: the ring is full, or closed.
    Full,
}

impl Ring {
    /// An empty ring in the heap, of the smallest size.
    pub(super) fn new() -> Arc<Self> {
        Self::with_room(SMALLEST_RING)
    }

    fn with_room(room: usize) -> Arc<Self> {
        let samples = (0..room).map(|_| RingSample::empty()).collect();
        Self::begin(Room::Heap(samples), None, 0)
    }

    /// A ring whose values outlive the process, in the memory with this number.
    pub(super) fn in_memory(Samples { id, samples }: Samples, memory: u32) -> Arc<Self> {
        Self::begin(Room::Memory(samples), Some(ArrayId { memory, id }), 1)
    }

    /// Out of line, and never moved again: each copy of a ring on the stack would enlarge the frames of its
    /// callers, and so the memory of every thread that records.
    #[inline(never)]
    fn begin(samples: Room, array: Option<ArrayId>, position: u64) -> Arc<Self> {
        Arc::new(Self {
            filled: Filled {
                put: AtomicU64::new(position),
                samples,
                array,
            },
            taken: Taken {
                for_owner: AtomicU64::new(0),
                position: AtomicU64::new(position),
            },
        })
    }

    /// The array of a ring whose values outlive the process.
    pub(super) fn array(&self) -> Option<ArrayId> {
        self.filled.array
    }

    /// A ring in the heap of twice the size that gets the waiting values; `None` if `most` values are
    /// fewer. For the owner of a ring in the heap alone, and under the lock.
    pub(super) fn grow(&self, most: u64) -> Option<Arc<Self>> {
        let room = self.room() * 2;
        (room as u64 <= most).then(|| self.move_into(room))
    }

    /// The smallest ring for the waiting values, which it gets; `None` if there are none. It is closed if this
    /// one is. For a ring in the heap, under the lock, and without an owner.
    pub(super) fn fit(&self) -> Option<Arc<Self>> {
        let waiting = self.waiting();
        let room = usize::try_from(waiting).unwrap_or(RING).next_power_of_two();
        (waiting > 0).then(|| {
            let is_open = self.is_open();
            let fitting = self.move_into(room.max(SMALLEST_RING));
            if !is_open {
                fitting.close();
            }
            fitting
        })
    }

    fn move_into(&self, room: usize) -> Arc<Self> {
        let moved = Self::with_room(room);
        self.take(u64::MAX, |slot, value| {
            moved.put(slot, value);
            true
        });
        moved
    }

    fn room(&self) -> usize {
        self.filled.samples.samples().len()
    }

    /// Puts a value in. For the owner alone.
    #[inline]
    pub(super) fn put(&self, slot: u32, value: f64) -> Put {
        let put = self.filled.put.load(Ordering::Relaxed);
        // Acquire: the taker has read a sample before it is written again.
        let taken = self.taken.for_owner.load(Ordering::Acquire);
        let waiting = put.wrapping_sub(taken);
        let samples = self.filled.samples.samples();
        let room = samples.len();
        if waiting >= room as u64 {
            return Put::Full;
        }
        let Some(sample) = samples.get(index(put, room)) else {
            return Put::Full;
        };
        sample.put(slot, value);
        // Release: whoever sees the new position also sees the sample.
        self.filled.put.store(put + 1, Ordering::Release);
        if waiting + 1 == DUE {
            return Put::Due;
        }
        Put::Done
    }

    /// How many values are waiting. Under the lock only.
    pub(super) fn waiting(&self) -> u64 {
        self.filled.put.load(Ordering::Acquire) - self.taken()
    }

    /// The position of the taker. Under the lock only.
    pub(super) fn taken(&self) -> u64 {
        self.taken.position.load(Ordering::Relaxed)
    }

    /// Reads all waiting values. Under the lock only.
    pub(super) fn read(&self, mut each: impl FnMut(u32, f64)) {
        let put = self.filled.put.load(Ordering::Acquire);
        for sample in (self.taken()..put).filter_map(|position| self.sample(position)) {
            let (slot, value) = sample.get();
            each(slot, value);
        }
    }

    /// Takes out the oldest values, up to `most`, until `each` refuses one. Returns how many it took. Under the
    /// lock only. The caller then sees all that the owner did before it put the last of them in.
    pub(super) fn take(&self, most: u64, mut each: impl FnMut(u32, f64) -> bool) -> u64 {
        let taken = self.taken();
        let put = self.filled.put.load(Ordering::Acquire);
        let end = put.min(taken.saturating_add(most));
        let samples = self.filled.samples.samples();
        let room = samples.len();
        let is_refused = |position: &u64| {
            samples.get(index(*position, room)).is_some_and(|sample| {
                let (slot, value) = sample.get();
                !each(slot, value)
            })
        };
        let end = (taken..end).find(is_refused).unwrap_or(end);
        let is_open = self.is_open();
        self.taken.position.store(end, Ordering::Relaxed);
        if is_open {
            self.taken.for_owner.store(end, Ordering::Release);
        }
        end - taken
    }

    fn sample(&self, position: u64) -> Option<&RingSample> {
        self.filled
            .samples
            .samples()
            .get(index(position, self.room()))
    }

    /// Whether the owner may use samples again. Under the lock only.
    fn is_open(&self) -> bool {
        self.taken.for_owner.load(Ordering::Relaxed) == self.taken()
    }

    /// Lets the owner find the ring full, though values may still be taken out. An owner that puts a
    /// value in meanwhile may succeed. Under the lock only.
    pub(super) fn close(&self) {
        let put = self.filled.put.load(Ordering::Acquire);
        // Before the position of the taker, since at most `room` values are waiting.
        let behind = put.wrapping_sub(self.room() as u64 + 1);
        self.taken.for_owner.store(behind, Ordering::Release);
    }

    /// Takes a [`close`](Self::close) back, if the ring is in the heap and has room; `false` if not. For
    /// the owner alone, and under the lock.
    pub(super) fn open(&self) -> bool {
        let has_room = self.filled.array.is_none() && self.waiting() < self.room() as u64;
        if has_room {
            let taken = self.taken();
            self.taken.for_owner.store(taken, Ordering::Release);
        }
        has_room
    }
}

/// The index of a position: its remainder, since `room` is a power of two.
#[inline]
fn index(position: u64, room: usize) -> usize {
    // The bits that are lost on some platforms are masked anyway.
    #[allow(clippy::cast_possible_truncation)]
    let position = position as usize;
    position & room.wrapping_sub(1)
}
