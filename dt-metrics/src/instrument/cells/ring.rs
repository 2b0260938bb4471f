//! Values that one thread recorded and the drain has not taken yet.

use super::sync::{AtomicU64, Ordering, RING};

/// A queue between two: the thread that owns it puts in, who holds the lock of the slots takes
/// out.
///
/// Positions only grow; the place of one is its remainder. What lies between them belongs to the
/// taker, the rest to the owner.
pub(super) struct Ring {
    /// How many values were put in. Written by the owner.
    put: Line,
    /// How many were taken out. Written under the lock.
    taken: Line,
    places: Box<[Place; RING]>,
}

/// On a cache line of its own: the two sides do not slow each other down.
#[repr(align(128))]
struct Line(AtomicU64);

struct Place {
    slot: AtomicU64,
    value: AtomicU64,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Put {
    Done,
    /// Done, and now the ring is half full: time to take something out.
    HalfFull,
    /// Not done: there is no place.
    Full,
}

impl Ring {
    /// An empty ring that is never freed: its owner's thread ends, the next one adopts it.
    pub(super) fn leak() -> &'static Self {
        let places: Vec<Place> = (0..RING)
            .map(|_| Place {
                slot: AtomicU64::new(0),
                value: AtomicU64::new(0),
            })
            .collect();
        let places = places
            .into_boxed_slice()
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many as asked for"));
        Box::leak(Box::new(Self {
            put: Line(AtomicU64::new(0)),
            taken: Line(AtomicU64::new(0)),
            places,
        }))
    }

    /// Puts a value in. For the owner alone.
    #[inline]
    pub(super) fn put(&self, slot: u32, value: f64) -> Put {
        let put = self.put.0.load(Ordering::Relaxed);
        // Acquire: the taker has read a place before it is written again.
        let waiting = put - self.taken.0.load(Ordering::Acquire);
        if waiting >= RING as u64 {
            return Put::Full;
        }
        let place = &self.places[index(put)];
        place.slot.store(slot.into(), Ordering::Relaxed);
        place.value.store(value.to_bits(), Ordering::Relaxed);
        // Release: who sees the new position sees what lies there.
        self.put.0.store(put + 1, Ordering::Release);
        if waiting + 1 == RING as u64 / 2 {
            return Put::HalfFull;
        }
        Put::Done
    }

    /// Takes all values out. Under the lock only.
    pub(super) fn drain(&self, mut each: impl FnMut(u32, f64)) {
        let taken = self.taken.0.load(Ordering::Relaxed);
        let put = self.put.0.load(Ordering::Acquire);
        for position in taken..put {
            let place = &self.places[index(position)];
            let slot = place.slot.load(Ordering::Relaxed);
            let value = f64::from_bits(place.value.load(Ordering::Relaxed));
            each(u32::try_from(slot).unwrap_or(u32::MAX), value);
        }
        self.taken.0.store(put, Ordering::Release);
    }

    /// Gives up all but the newest `kept` values; returns how many. Under the lock only.
    pub(super) fn keep_newest(&self, kept: u64) -> u64 {
        let taken = self.taken.0.load(Ordering::Relaxed);
        let put = self.put.0.load(Ordering::Acquire);
        let given_up = (put - taken).saturating_sub(kept);
        self.taken.0.store(taken + given_up, Ordering::Release);
        given_up
    }
}

/// The place of a position.
#[inline]
fn index(position: u64) -> usize {
    // No number is lost: RING is small.
    #[allow(clippy::cast_possible_truncation)]
    let index = (position % RING as u64) as usize;
    index
}
