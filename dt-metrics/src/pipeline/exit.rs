//! Exits: delivering pending metrics when the process exits and nobody has dropped the handle, which
//! may be in a static.
//!
//! The C library calls [`on_exit`] on the thread that exits, which may hold any lock, and may be one
//! that the pipeline waits for. So `on_exit` waits for no lock and allocates nothing: it wakes the
//! bridge's thread, which starts a thread that delivers, and waits for that thread for a limited time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};
use std::thread::{Thread, sleep};
use std::time::{Duration, Instant};

use super::bridge::Bridge;
use crate::process::{Process, at_exit};
use crate::thread::spawn;

/// How long an exit waits at most.
pub(super) const LIMIT: Duration = Duration::from_secs(2);

/// How long an exit waits before it looks again.
const PAUSE: Duration = Duration::from_millis(1);

/// The watch of the installed pipeline.
static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

/// Whether the C library calls [`on_exit`]. It calls it in forked children as well.
static IS_REGISTERED: OnceLock<bool> = OnceLock::new();

struct Watch {
    process: Process,
    thread: Thread,
    progress: Arc<Progress>,
    limit: Duration,
}

#[derive(Default)]
struct Progress {
    has_begun: AtomicBool,
    is_over: AtomicBool,
}

/// Delivers at the exit of the process until this is dropped.
pub(super) struct ExitWatch(Arc<Progress>);

impl ExitWatch {
    /// Calls `deliver`, which may take up to `limit`, when the process exits. `None` on a platform
    /// where that is not possible.
    pub(super) fn start(
        limit: Duration,
        bridge: &Bridge,
        deliver: impl FnOnce() + Send + 'static,
    ) -> Option<Self> {
        if !*IS_REGISTERED.get_or_init(|| at_exit(on_exit)) {
            return None;
        }
        let progress = Arc::new(Progress::default());
        let seen = progress.clone();
        let mut deliver = Some(deliver);
        let thread = bridge.at_wake(move || {
            if seen.has_begun.load(Ordering::Acquire)
                && let Some(deliver) = deliver.take()
            {
                let over = seen.clone();
                let started = spawn("dt-metrics-exit", move || {
                    deliver();
                    over.is_over.store(true, Ordering::Release);
                });
                if started.is_err() {
                    seen.is_over.store(true, Ordering::Release);
                }
            }
        });
        let watch = Watch {
            process: Process::current(),
            thread,
            progress: progress.clone(),
            limit,
        };
        let before = WATCH
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(watch);
        // In a forked child: the thread of the parent's watch is not in this process.
        std::mem::forget(before);
        Some(Self(progress))
    }
}

impl Drop for ExitWatch {
    fn drop(&mut self) {
        let mut watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
        drop(watch.take_if(|watch| Arc::ptr_eq(&watch.progress, &self.0)));
    }
}

/// Runs on the thread that exits.
extern "C" fn on_exit() {
    let (progress, limit) = {
        let watch = match WATCH.try_lock() {
            Ok(watch) => watch,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // A pipeline begins or ends just now.
            Err(TryLockError::WouldBlock) => return,
        };
        match &*watch {
            Some(watch) if !watch.process.is_forked() => {
                watch.progress.has_begun.store(true, Ordering::Release);
                watch.thread.unpark();
                (watch.progress.clone(), watch.limit)
            }
            _ => return,
        }
    };
    let start = Instant::now();
    while !progress.is_over.load(Ordering::Acquire) && start.elapsed() < limit {
        sleep(PAUSE);
    }
}
