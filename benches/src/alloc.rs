//! The system's allocator, with counts of allocated memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Whether all threads' bytes are followed: atomics that they share, so only on demand.
static FOLLOWED: AtomicBool = AtomicBool::new(false);
/// Bytes in use that were allocated since [`follow`]. Memory from before may be freed meanwhile, so
/// the number may be negative.
static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// The number of allocations of this thread, including reallocations.
pub(crate) fn calls() -> u64 {
    CALLS.get()
}

/// Follows the bytes in use from now on.
pub(crate) fn follow() {
    FOLLOWED.store(true, Ordering::Relaxed);
}

/// Bytes in use; the peak is reset to it.
pub(crate) fn live() -> isize {
    let live = LIVE.load(Ordering::Relaxed);
    PEAK.store(live, Ordering::Relaxed);
    live
}

/// The most bytes in use since the last call of [`live`].
pub(crate) fn peak() -> isize {
    PEAK.load(Ordering::Relaxed)
}

struct Counting;

impl Counting {
    fn asked() {
        // A thread that ends may allocate after its cell was destroyed.
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    }

    fn changed(by: isize) {
        if FOLLOWED.load(Ordering::Relaxed) {
            let live = LIVE.fetch_add(by, Ordering::Relaxed) + by;
            PEAK.fetch_max(live, Ordering::Relaxed);
        }
    }
}

// SAFETY: every call is passed to `System` with unchanged arguments, and returns its result. The
// counting neither allocates nor panics nor touches the memory.
#[expect(unsafe_code, reason = "no allocator without it")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::asked();
        Self::changed(layout.size().cast_signed());
        // SAFETY: the caller guarantees the conditions that `System` requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::asked();
        Self::changed(layout.size().cast_signed());
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::asked();
        Self::changed(size.cast_signed() - layout.size().cast_signed());
        // SAFETY: as for `alloc`; `memory` came from `System`, as all memory does.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        Self::changed(-layout.size().cast_signed());
        // SAFETY: as for `realloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}
