//! What `chunk` and `slots` are built on; the interleaving tests put loom's primitives and a
//! smaller chunk in their place.

pub(super) use std::sync::atomic::{AtomicU64, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard, PoisonError};

/// Cells in a chunk: 512 bytes, so that a thread pays little for the few series it touches.
pub(super) const CELLS: usize = 64;

/// Values that a thread may record between two drains before it has to wait for one: 80 KiB.
pub(super) const RING: usize = 5_120;
