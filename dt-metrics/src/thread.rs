//! Threads and runtimes with a name, outside the program's telemetry.

use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long reading the small files of a host may take: a path may be on a file system that hangs.
pub(crate) const FILE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a thread that a runtime starts itself waits for more work. Files are read every few seconds,
/// and with the default of ten seconds there would always be such a thread.
const KEEP_ALIVE: Duration = Duration::from_millis(100);

/// Starts a thread. Its work is not part of the program's telemetry.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        suppress_telemetry();
        work()
    })
}

/// Makes a runtime that runs on the thread that drives it. Threads that it starts itself, for name
/// lookups, have the same name.
pub(crate) fn runtime(name: &str) -> io::Result<Runtime> {
    runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .thread_name(name)
        .thread_keep_alive(KEEP_ALIVE)
        .on_thread_start(suppress_telemetry)
        .build()
}

/// Runs `work` on a thread of its own; `None` if it takes longer than `limit`, or if no thread can
/// be started. Work that takes longer is not stopped, but its result is dropped.
pub(crate) fn run_within<T: Send + 'static>(
    limit: Duration,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, result) = mpsc::sync_channel(1);
    spawn(name, move || {
        // Fails after the limit, when nobody waits for the result.
        let _ = sender.send(work());
    })
    .ok()?;
    result.recv_timeout(limit).ok()
}

/// Keeps this thread out of the program's telemetry from now on: a program that traces its HTTP
/// client would otherwise trace and count each push.
pub(crate) fn suppress_telemetry() {
    // The guard must be dropped on this thread, and lives as long as the thread.
    std::mem::forget(Context::enter_telemetry_suppressed_scope());
}

/// A thread with a runtime. It starts when there is work, and ends a moment after the last work.
pub(crate) struct RuntimeThread(Arc<OnDemand>);

struct OnDemand {
    name: &'static str,
    /// How long the thread of a program that runs work often waits for more.
    keep_alive: Duration,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Present while the thread runs.
    handle: Option<Handle>,
    /// The work that is not done.
    works: usize,
    /// When the thread had work last.
    worked: Option<Instant>,
    /// When [`RuntimeThread::run`] was last done.
    ran: Option<Instant>,
    /// How many times in a row the thread started again within the time that it is kept alive.
    restarts: u32,
    is_dropped: bool,
}

/// After so many restarts the thread is kept alive: the program runs work often. Then it also keeps its
/// connections.
const OFTEN: u32 = 3;

impl State {
    /// How long the thread waits for more work.
    fn patience(&self, keep_alive: Duration) -> Duration {
        if self.restarts < OFTEN {
            KEEP_ALIVE
        } else {
            keep_alive
        }
    }
}

/// Work that is under way, until it is dropped.
struct Working(Arc<OnDemand>);

impl Drop for Working {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.works -= 1;
        state.worked = Some(Instant::now());
        drop(state);
        self.0.changed.notify_one();
    }
}

impl OnDemand {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the thread has to end.
    async fn until_idle(&self) {
        loop {
            let left = {
                let mut state = self.state();
                if state.is_dropped {
                    return;
                }
                let idle = state
                    .worked
                    .map_or(Duration::ZERO, |worked| worked.elapsed());
                let left = state.patience(self.keep_alive).saturating_sub(idle);
                if state.works == 0 && left.is_zero() {
                    state.handle = None;
                    return;
                }
                (state.works == 0).then_some(left)
            };
            let changed = self.changed.notified();
            match left {
                Some(left) => drop(tokio::time::timeout(left, changed).await),
                None => changed.await,
            }
        }
    }
}

impl RuntimeThread {
    pub(crate) fn new(name: &'static str, keep_alive: Duration) -> Self {
        Self(Arc::new(OnDemand {
            name,
            keep_alive,
            state: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// Starts the thread unless it runs. It runs at least until the work is dropped.
    fn enter(&self) -> io::Result<(Handle, Working)> {
        let mut state = self.0.state();
        let handle = if let Some(handle) = &state.handle {
            handle.clone()
        } else {
            let handle = self.start()?;
            let is_soon = state
                .ran
                .is_some_and(|ran| ran.elapsed() < self.0.keep_alive);
            state.restarts = if is_soon { state.restarts + 1 } else { 0 };
            state.handle = Some(handle.clone());
            handle
        };
        state.works += 1;
        drop(state);
        Ok((handle, Working(Arc::clone(&self.0))))
    }

    fn start(&self) -> io::Result<Handle> {
        let runtime = runtime(self.0.name)?;
        let handle = runtime.handle().clone();
        let thread = Arc::clone(&self.0);
        spawn(self.0.name, move || {
            runtime.block_on(thread.until_idle());
            // A name lookup blocks a thread of the runtime for as long as it likes.
            runtime.shutdown_background();
        })?;
        Ok(handle)
    }

    /// Starts `work` on the thread. Nobody waits for it. It is dropped if the thread cannot be started.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok((handle, working)) = self.enter() {
            handle.spawn(async move {
                work.await;
                drop(working);
            });
        }
    }

    /// Runs `work` on the thread; `None` if it takes longer than `limit`. An error is that the thread cannot
    /// be started.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<Option<T>> {
        let (handle, _working) = self.enter()?;
        // Aborts the work when it is dropped.
        let mut task = JoinSet::new();
        task.spawn_on(work, &handle);
        let done = tokio::time::timeout(limit, task.join_next()).await;
        self.0.state().ran = Some(Instant::now());
        Ok(match done.ok().flatten() {
            None => None,
            Some(Ok(done)) => Some(done),
            // A panic goes on in the caller, as if the work had run there.
            Some(Err(error)) => error
                .try_into_panic()
                .map_or(None, |panic| resume_unwind(panic)),
        })
    }
}

impl Drop for RuntimeThread {
    fn drop(&mut self) {
        self.0.state().is_dropped = true;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
