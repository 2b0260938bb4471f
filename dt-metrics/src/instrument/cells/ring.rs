//! Values that one thread recorded and the drain has not taken yet.

use super::sample::RingSample;
use super::sync::{AtomicU64, DUE, Ordering, RING, SMALLEST_RING};

/// A queue between two sides: the thread that owns it puts values in, and whoever holds the lock of
/// the slots takes them out.
///
/// Positions only grow; the index of a position is its remainder. The samples between the two
/// positions belong to the taker, and all others to the owner.
///
/// A thread begins with a small ring. If that is full, a larger one takes its place, up to [`RING`]
/// values.
pub(super) struct Ring {
    /// How many values were put in. Written by the owner.
    put: Padded,
    /// How many were taken out. Written under the lock.
    taken: Padded,
    /// As many as a power of two.
    samples: Box<[RingSample]>,
}

/// A position on a cache line of its own, so that the two sides do not slow each other down.
#[repr(align(128))]
struct Padded(AtomicU64);

/// The result of [`Ring::put`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Put {
    Done,
    /// Done, and so many values are waiting now that it is time to take them out.
    Due,
    /// Not done: the ring is full.
    Full,
}

impl Ring {
    /// An empty ring, of the smallest size.
    pub(super) fn new() -> Self {
        Self::with_room(SMALLEST_RING)
    }

    fn with_room(room: usize) -> Self {
        Self {
            put: Padded(AtomicU64::new(0)),
            taken: Padded(AtomicU64::new(0)),
            samples: (0..room).map(|_| RingSample::empty()).collect(),
        }
    }

    /// A ring of twice the size that gets the waiting values; `None` if this is the largest. For the
    /// owner alone, and under the lock.
    pub(super) fn grow(&self) -> Option<Self> {
        let room = self.samples.len() * 2;
        (room <= RING).then(|| self.move_into(room))
    }

    /// The smallest ring for the waiting values, which it gets; `None` if there are none. Under the
    /// lock, and without an owner.
    pub(super) fn fit(&self) -> Option<Self> {
        let put = self.put.0.load(Ordering::Acquire);
        let waiting = put - self.taken.0.load(Ordering::Relaxed);
        let room = usize::try_from(waiting).unwrap_or(RING).next_power_of_two();
        (waiting > 0).then(|| self.move_into(room.max(SMALLEST_RING)))
    }

    fn move_into(&self, room: usize) -> Self {
        let moved = Self::with_room(room);
        self.take(0, |slot, value| {
            moved.put(slot, value);
        });
        moved
    }

    /// Puts a value in. For the owner alone.
    #[inline]
    pub(super) fn put(&self, slot: u32, value: f64) -> Put {
        let put = self.put.0.load(Ordering::Relaxed);
        // Acquire: the taker has read a sample before it is written again.
        let waiting = put - self.taken.0.load(Ordering::Acquire);
        let room = self.samples.len();
        if waiting >= room as u64 {
            return Put::Full;
        }
        let Some(sample) = self.samples.get(index(put, room)) else {
            return Put::Full;
        };
        sample.put(slot, value);
        // Release: whoever sees the new position also sees the sample.
        self.put.0.store(put + 1, Ordering::Release);
        if waiting + 1 == DUE {
            return Put::Due;
        }
        Put::Done
    }

    /// Reads all waiting values. Under the lock only.
    pub(super) fn read(&self, mut each: impl FnMut(u32, f64)) {
        let taken = self.taken.0.load(Ordering::Relaxed);
        let put = self.put.0.load(Ordering::Acquire);
        for position in taken..put {
            if let Some(sample) = self.samples.get(index(position, self.samples.len())) {
                let (slot, value) = sample.get();
                each(slot, value);
            }
        }
    }

    /// Takes out all but the newest `kept` values. Under the lock only. The caller then sees all that
    /// the owner did before it put the last of them in.
    pub(super) fn take(&self, kept: u64, mut each: impl FnMut(u32, f64)) {
        let taken = self.taken.0.load(Ordering::Relaxed);
        let put = self.put.0.load(Ordering::Acquire);
        let end = put.saturating_sub(kept).max(taken);
        for position in taken..end {
            let Some(sample) = self.samples.get(index(position, self.samples.len())) else {
                continue;
            };
            let (slot, value) = sample.get();
            each(slot, value);
        }
        self.taken.0.store(end, Ordering::Release);
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
