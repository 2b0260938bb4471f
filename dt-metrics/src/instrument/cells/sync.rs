//! The primitives under `chunk`, `ring`, `block` and `slots`. The interleaving tests put loom's
//! primitives, a smaller chunk and a smaller ring in their place.

pub(super) use std::sync::atomic::{AtomicU64, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Cells in a chunk: 512 bytes, so that a thread pays little for the few series it touches.
pub(super) const CELLS: usize = 64;

/// Values that a thread may record between two drains before it has to wait for one: 80 KiB.
pub(crate) const RING: usize = 5_120;
