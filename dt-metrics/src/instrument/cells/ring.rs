//! Values that one thread recorded and the drain has not taken yet.

use super::sync::{AtomicU64, Ordering, RING};

/// A queue between two sides: the thread that owns it puts values in, and whoever holds the lock of
/// the slots takes them out.
///
/// Positions only grow; the index of a position is its remainder. The samples between the two
/// positions belong to the taker, and all others to the owner.
pub(super) struct Ring {
    /// How many values were put in. Written by the owner.
    put: Padded,
    /// How many were taken out. Written under the lock.
    taken: Padded,
    samples: Box<[Sample; RING]>,
}

/// A position on a cache line of its own, so that the two sides do not slow each other down.
#[repr(align(128))]
struct Padded(AtomicU64);

/// One value and the slot it was recorded for.
struct Sample {
    slot: AtomicU64,
    value: AtomicU64,
}

/// The result of [`Ring::put`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Put {
    Done,
    /// Done, and the ring is half full now: it is time to take values out.
    HalfFull,
    /// Not done: the ring is full.
    Full,
}

impl Ring {
    /// An empty ring that is never freed: its owner's thread ends, the next one adopts it.
    pub(super) fn leak() -> &'static Self {
        let samples: Vec<Sample> = (0..RING)
            .map(|_| Sample {
                slot: AtomicU64::new(0),
                value: AtomicU64::new(0),
            })
            .collect();
        let samples = samples
            .into_boxed_slice()
            .try_into()
            .unwrap_or_else(|_| unreachable!("RING samples were made"));
        Box::leak(Box::new(Self {
            put: Padded(AtomicU64::new(0)),
            taken: Padded(AtomicU64::new(0)),
            samples,
        }))
    }

    /// Puts a value in. For the owner alone.
    #[inline]
    pub(super) fn put(&self, slot: u32, value: f64) -> Put {
        let put = self.put.0.load(Ordering::Relaxed);
        // Acquire: the taker has read a sample before it is written again.
        let waiting = put - self.taken.0.load(Ordering::Acquire);
        if waiting >= RING as u64 {
            return Put::Full;
        }
        let sample = &self.samples[index(put)];
        sample.slot.store(slot.into(), Ordering::Relaxed);
        sample.value.store(value.to_bits(), Ordering::Relaxed);
        // Release: whoever sees the new position also sees the sample.
        self.put.0.store(put + 1, Ordering::Release);
        if waiting + 1 == RING as u64 / 2 {
            return Put::HalfFull;
        }
        Put::Done
    }

    /// Takes out all but the newest `kept` values. Under the lock only. The caller then sees all that
    /// the owner did before it put the last of them in.
    pub(super) fn take(&self, kept: u64, mut each: impl FnMut(u32, f64)) {
        let taken = self.taken.0.load(Ordering::Relaxed);
        let put = self.put.0.load(Ordering::Acquire);
        let end = put.saturating_sub(kept).max(taken);
        for position in taken..end {
            let sample = &self.samples[index(position)];
            let slot = sample.slot.load(Ordering::Relaxed);
            let value = f64::from_bits(sample.value.load(Ordering::Relaxed));
            each(u32::try_from(slot).unwrap_or(u32::MAX), value);
        }
        self.taken.0.store(end, Ordering::Release);
    }
}

/// The index of a position.
#[inline]
fn index(position: u64) -> usize {
    // No number is lost: RING is small.
    #[allow(clippy::cast_possible_truncation)]
    let index = (position % RING as u64) as usize;
    index
}
