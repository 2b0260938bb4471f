//! A place for a reference that another thread may take away. This file has all `unsafe` code of the cells: the place is
//! read at each measurement, and a lock or a counted reference would cost more than the measurement.
#![allow(unsafe_code, reason = "a reference that another thread takes away")]
#![allow(
    clippy::inline_always,
    reason = "debug builds, in which tests run, call all other functions"
)]

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// A reference, or none. One thread reads and fills the place. Another thread may empty it: the owner may go on
/// to use the reference that it has read, and then finds none.
pub(super) struct Place<T>(AtomicPtr<T>);

impl<T: Sync + 'static> Place<T> {
    pub(super) const fn empty() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline(always)]
    pub(super) fn get(&self) -> Option<&'static T> {
        let value = self.0.load(Ordering::Relaxed);
        // SAFETY: the pointer is null, or was made in `set` from a reference that is valid as long as the program
        // runs, of a type that threads may share.
        unsafe { value.as_ref() }
    }

    pub(super) fn set(&self, value: &'static T) {
        self.0
            .store(ptr::from_ref(value).cast_mut(), Ordering::Relaxed);
    }

    pub(super) fn clear(&self) {
        self.0.store(ptr::null_mut(), Ordering::Relaxed);
    }
}
