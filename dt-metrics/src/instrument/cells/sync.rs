//! The primitives under `chunk`, `ring`, `block` and `slots`. The interleaving tests put loom's
//! primitives, a smaller chunk and a smaller ring in their place.

pub(super) use std::sync::atomic::{AtomicU64, Ordering};
pub(super) use std::sync::{PoisonError, TryLockError};

pub(super) use super::busy::{Mutex, MutexGuard};

/// Cells in a chunk: 512 bytes, so that a thread pays little for the few series it touches.
pub(super) const CELLS: usize = 64;

/// Values in the first ring of a thread: 1 KiB. Like [`RING`] a power of two.
pub(super) const SMALLEST_RING: usize = 64;

/// Values that a thread may record between two drains before it has to wait for one: 128 KiB.
pub(crate) const RING: usize = 8_192;

/// At so many waiting values a drain is due. It usually comes before a ring with 4,096 values, 64 KiB,
/// is full, so that few threads have the largest one.
pub(super) const DUE: u64 = 2_560;

/// Samples in an array in memory that outlives the process: 16 KiB. Like [`RING`] a power of two. The
/// first one is not a sample, but room for the memory's own use.
pub(crate) const SAMPLES: usize = 1_024;
