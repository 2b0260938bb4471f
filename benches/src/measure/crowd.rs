//! Threads that are at it at the same time.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that do the same at the same time.
pub(super) struct Crowd {
    threads: usize,
    barrier: Barrier,
    begun: AtomicUsize,
    done: AtomicUsize,
}

impl Crowd {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            threads,
            barrier: Barrier::new(threads),
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
        }
    }

    /// Runs `measured` while all other threads are at it, too: who is early or ready keeps the
    /// others company with a few calls at a time.
    pub(super) fn together(&self, few: &dyn Fn(), measured: impl FnOnce()) {
        if self.barrier.wait().is_leader() {
            self.begun.store(0, Ordering::SeqCst);
            self.done.store(0, Ordering::SeqCst);
        }
        self.barrier.wait();
        let keep_company = |reached: &AtomicUsize| {
            reached.fetch_add(1, Ordering::SeqCst);
            while reached.load(Ordering::Relaxed) < self.threads {
                few();
            }
        };
        keep_company(&self.begun);
        measured();
        keep_company(&self.done);
    }
}
