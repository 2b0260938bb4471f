//! Threads that hold a lock of the instruments, or make something that is made once.
//!
//! An allocator may be annotated. If a busy thread allocates, the measurements of the allocator must
//! wait neither for the lock nor for the thing that is made. So each cold path [`enter`]s first. If the
//! thread is busy already, the cold path [defers](super::deferred) the measurement.
//!
//! A fork waits until no thread is on a cold path: the child would inherit the locks of that thread, but
//! not the thread.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{
    self, LockResult, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
    TryLockResult,
};

/// Shared by threads on cold paths, and taken by a fork.
static GATE: RwLock<()> = RwLock::new(());

thread_local! {
    /// How often this thread is busy.
    static DEPTH: Cell<u32> = const { Cell::new(0) };

    /// Runs the deferred work.
    static SETTLE: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Makes the calling thread busy until it is dropped.
pub(in crate::instrument) struct Busy {
    gate: Option<RwLockReadGuard<'static, ()>>,
    on_this_thread: PhantomData<*const ()>,
}

/// Makes the calling thread busy; `None` if it is busy.
pub(in crate::instrument) fn enter() -> Option<Busy> {
    // Nobody waits for the gate to take it, so that a thread may share it twice.
    (DEPTH.get() == 0).then(|| Busy::new(Some(GATE.read().unwrap_or_else(PoisonError::into_inner))))
}

/// Closes the gate for a fork: from now on no thread is on a cold path. `None` if a thread is now.
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "forks are the pipeline's")
)]
pub(super) fn try_close() -> Option<RwLockWriteGuard<'static, ()>> {
    match GATE.try_write() {
        Ok(gate) => Some(gate),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Calls `settle` once this thread is not busy any more.
pub(super) fn settle_later(settle: fn()) {
    SETTLE.set(Some(settle));
}

impl Busy {
    fn new(gate: Option<RwLockReadGuard<'static, ()>>) -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self {
            gate,
            on_this_thread: PhantomData,
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        drop(self.gate.take());
        DEPTH.set(DEPTH.get() - 1);
        if DEPTH.get() == 0
            && let Some(settle) = SETTLE.take()
        {
            settle();
        }
    }
}

/// A lock that makes its holder busy.
pub(in crate::instrument) struct Mutex<T>(sync::Mutex<T>);

/// A held [`Mutex`]. The lock is free again before the deferred work runs.
pub(in crate::instrument) struct MutexGuard<'a, T> {
    guard: sync::MutexGuard<'a, T>,
    _busy: Busy,
}

impl<T> Mutex<T> {
    pub(in crate::instrument) const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(in crate::instrument) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let busy = Busy::new(None);
        match self.0.lock() {
            Ok(guard) => Ok(MutexGuard { guard, _busy: busy }),
            Err(poisoned) => Err(PoisonError::new(MutexGuard {
                guard: poisoned.into_inner(),
                _busy: busy,
            })),
        }
    }

    #[cfg_attr(
        not(feature = "dynatrace"),
        allow(dead_code, reason = "forks are the pipeline's")
    )]
    pub(in crate::instrument) fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let busy = Busy::new(None);
        match self.0.try_lock() {
            Ok(guard) => Ok(MutexGuard { guard, _busy: busy }),
            Err(TryLockError::Poisoned(poisoned)) => {
                Err(TryLockError::Poisoned(PoisonError::new(MutexGuard {
                    guard: poisoned.into_inner(),
                    _busy: busy,
                })))
            }
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}
