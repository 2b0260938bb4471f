//! Threads and runtimes with a name, outside the program's telemetry.

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use opentelemetry::Context;
use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::oneshot;
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

/// A thread with a runtime, which ends when this is dropped.
pub(crate) struct RuntimeThread {
    handle: Handle,
    _running: oneshot::Sender<()>,
}

impl RuntimeThread {
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        let runtime = runtime(name)?;
        let handle = runtime.handle().clone();
        let (running, dropped) = oneshot::channel();
        spawn(name, move || {
            // Ends with an error when the sender is dropped.
            let _ = runtime.block_on(dropped);
            // A name lookup blocks a thread of the runtime for as long as it likes.
            runtime.shutdown_background();
        })?;
        Ok(Self {
            handle,
            _running: running,
        })
    }

    /// Starts `work` on the thread. Nobody waits for it.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Runs `work` on the thread; `None` if it takes longer than `limit`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        // Aborts the work when it is dropped.
        let mut task = JoinSet::new();
        task.spawn_on(work, &self.handle);
        match tokio::time::timeout(limit, task.join_next()).await.ok()?? {
            Ok(done) => Some(done),
            // A panic goes on in the caller, as if the work had run there.
            Err(error) => error
                .try_into_panic()
                .map_or(None, |panic| resume_unwind(panic)),
        }
    }
}
