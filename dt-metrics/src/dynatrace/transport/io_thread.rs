//! A thread for the HTTP client. It reads whatever a server sends, for as long as there is more to
//! read: nobody who keeps a deadline may be on that thread.

use crate::dynatrace::thread::suppress_telemetry;
use std::io;
use std::panic::resume_unwind;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

const THREAD_NAME: &str = "dt-metrics-http";

/// One thread, which ends with this.
pub(crate) struct Apart {
    handle: Handle,
    _running: oneshot::Sender<()>,
}

impl Apart {
    pub(crate) fn new() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .thread_name(THREAD_NAME)
            .on_thread_start(suppress_telemetry)
            .build()?;
        let handle = runtime.handle().clone();
        let (running, dropped) = oneshot::channel();
        std::thread::Builder::new()
            .name(THREAD_NAME.into())
            .spawn(move || {
                suppress_telemetry();
                // An error: that it was dropped.
                let _dropped = runtime.block_on(dropped);
                // Looking up a name blocks a thread of the runtime for as long as it likes.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            _running: running,
        })
    }

    /// Has `work` done there, which nobody waits for.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Runs `work` there; `None` if it takes longer than `time`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        time: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let task = self.handle.spawn(work);
        let _aborted_on_drop = Abort(task.abort_handle());
        match tokio::time::timeout(time, task).await.ok()? {
            Ok(done) => Some(done),
            // As if it had been here.
            Err(error) => error
                .try_into_panic()
                .map_or(None, |panic| resume_unwind(panic)),
        }
    }
}

struct Abort(AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
