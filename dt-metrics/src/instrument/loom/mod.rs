//! Interleavings of the cells: `chunk` and `slots` compiled a second time, over loom's
//! primitives.

#[path = "../chunk.rs"]
mod chunk;
#[allow(dead_code, reason = "what the models do not use")]
#[path = "../slots.rs"]
mod slots;
mod tests;

/// What `super::sync` means to them here.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;

    /// Each cell that a drain reads multiplies the interleavings.
    pub(super) const CELLS: usize = 2;
}
