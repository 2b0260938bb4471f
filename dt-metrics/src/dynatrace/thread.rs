//! Threads of the exporter: how they are named and started, and how long anyone waits for them.

use opentelemetry::Context;
use std::io;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How long the small files of a host may take to read: a path may lie on a file system that does
/// not answer.
pub(crate) const FILE_TIMEOUT: Duration = Duration::from_secs(1);

/// Starts a thread whose work is not telemetry of the program.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        suppress_telemetry();
        work()
    })
}

/// Runs `work` on a thread of its own; `None` if it takes longer than `limit`, or if no thread can
/// be started. Work that is late goes on, and its result is dropped.
pub(crate) fn run_within<T: Send + 'static>(
    limit: Duration,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, result) = mpsc::sync_channel(1);
    spawn(name, move || {
        // Fails if the limit is over: nobody waits for the result then.
        let _ = sender.send(work());
    })
    .ok()?;
    result.recv_timeout(limit).ok()
}

/// Keeps what this thread does from now on out of the program's telemetry: a program that traces
/// its HTTP client would otherwise trace, and count, each push.
pub(crate) fn suppress_telemetry() {
    // The guard must be dropped on this thread; it lives as long as the thread does.
    std::mem::forget(Context::enter_telemetry_suppressed_scope());
}
