//! The place of a chunk in a directory of a thread. This file has all `unsafe` code of the cells: the place is
//! read at each measurement, and a lock or a counted reference would cost more than the measurement.
#![allow(unsafe_code, reason = "a reference that another thread takes away")]

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::chunk::Chunk;

/// A chunk, or none. Its thread reads and fills it. Under the lock of the slots, any thread may empty it: the
/// owner may go on to use the chunk for one measurement, and then looks for another one.
pub(super) struct Place(AtomicPtr<Chunk>);

impl Place {
    pub(super) const fn empty() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&'static Chunk> {
        let chunk = self.0.load(Ordering::Relaxed);
        // SAFETY: the pointer is null, or was made in `set` from a reference that is valid as long as the program
        // runs. A chunk is only ever shared: all of it is atomic.
        unsafe { chunk.as_ref() }
    }

    pub(super) fn set(&self, chunk: &'static Chunk) {
        self.0
            .store(ptr::from_ref(chunk).cast_mut(), Ordering::Relaxed);
    }

    pub(super) fn clear(&self) {
        self.0.store(ptr::null_mut(), Ordering::Relaxed);
    }
}
