//! Interleavings of the cells: `block`, `chunk`, `ring` and `slots` compiled a second time, over
//! loom's primitives.

#[allow(clippy::duplicate_mod, reason = "compiled twice on purpose")]
#[path = "../block.rs"]
mod block;
#[allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "compiled twice, not all is modelled"
)]
#[path = "../chunk.rs"]
mod chunk;
#[allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "compiled twice, not all is modelled"
)]
#[path = "../entry.rs"]
mod entry;
#[allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "compiled twice, not all is modelled"
)]
#[path = "../kept.rs"]
mod kept;
#[allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "compiled twice, not all is modelled"
)]
#[path = "../memory.rs"]
mod memory;
#[allow(clippy::duplicate_mod, reason = "compiled twice on purpose")]
#[path = "../place.rs"]
mod place;
#[allow(clippy::duplicate_mod, reason = "compiled twice on purpose")]
#[path = "../ring.rs"]
mod ring;
#[allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "compiled twice, not all is modelled"
)]
#[path = "../rings.rs"]
mod rings;
#[allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "compiled twice, not all is modelled"
)]
#[path = "../sample.rs"]
mod sample;
#[allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "compiled twice, not all is modelled"
)]
#[path = "../slots.rs"]
mod slots;
mod tests;

/// Stands in for `cells/sync.rs`.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
    pub(super) use std::sync::{PoisonError, TryLockError};

    /// Each cell that a drain reads multiplies the interleavings.
    pub(super) const CELLS: usize = 2;
    pub(super) const SMALLEST_RING: usize = 1;
    pub(super) const RING: usize = 2;
    pub(super) const DUE: u64 = 1;
    pub(super) const SAMPLES: usize = 2;
}
