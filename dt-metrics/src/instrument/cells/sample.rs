//! Recorded values as they lie in memory.

use core::sync::atomic::compiler_fence;

use super::sync::{AtomicU64, Ordering};

/// A value and the slot it was recorded for: two words, first the slot, then the value.
///
/// The slot is stored last, and no slot is [`EMPTY`](Self::EMPTY). So if the process dies at any
/// instruction, a sample that is not empty is complete.
#[repr(C)]
pub(crate) struct RingSample {
    slot: AtomicU64,
    value: AtomicU64,
}

impl RingSample {
    /// The word of the slot, before the first value.
    pub(crate) const EMPTY: u64 = u64::MAX;

    pub(super) fn empty() -> Self {
        Self {
            slot: AtomicU64::new(Self::EMPTY),
            value: AtomicU64::new(0),
        }
    }

    /// Stores a value. For the owner alone.
    #[inline]
    pub(crate) fn put(&self, slot: u32, value: f64) {
        self.value.store(value.to_bits(), Ordering::Relaxed);
        // For the order in which the instructions are executed: other threads look at the position.
        compiler_fence(Ordering::Release);
        self.slot.store(slot.into(), Ordering::Relaxed);
    }

    /// The slot and the value. For the side to which the sample belongs.
    pub(crate) fn get(&self) -> (u32, f64) {
        let slot = self.slot.load(Ordering::Relaxed);
        let value = f64::from_bits(self.value.load(Ordering::Relaxed));
        (u32::try_from(slot).unwrap_or(u32::MAX), value)
    }
}
