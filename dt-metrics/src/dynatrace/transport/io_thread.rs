//! A thread for the HTTP client, which reads for as long as a server sends: whoever keeps a deadline
//! must not run on that thread.

use std::io;
use std::panic::resume_unwind;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::thread::{runtime, spawn};

const THREAD_NAME: &str = "dt-metrics-http";

/// A thread with a runtime, which ends when this is dropped.
pub(super) struct IoThread {
    handle: Handle,
    _running: oneshot::Sender<()>,
}

impl IoThread {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = runtime(THREAD_NAME)?;
        let handle = runtime.handle().clone();
        let (running, dropped) = oneshot::channel();
        spawn(THREAD_NAME, move || {
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
    pub(super) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Runs `work` on the thread; `None` if it takes longer than `limit`.
    pub(super) async fn run<T: Send + 'static>(
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
