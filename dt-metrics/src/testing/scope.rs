//! Captures that are carried into other threads and tasks.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use crate::instrument::{self, Recorder};

/// A handle of the running captures. Use it to capture the measurements of another thread or task.
///
/// A capture does not contain measurements from after its end, so wait for the thread or task inside the
/// capture.
///
/// ```
/// use dt_metrics::{count, testing::{Capture, capture}};
///
/// let seen = capture(|| {
///     let capture = Capture::current();
///     let worker = std::thread::spawn(move || capture.run(|| count!("jobs")));
///     worker.join()
/// });
/// assert_eq!(seen.counter("jobs").value(), 1);
/// ```
#[derive(Clone)]
pub struct Capture(Vec<Arc<Recorder>>);

impl Capture {
    /// A new capture, and its recorder.
    pub(super) fn new() -> (Self, Arc<Recorder>) {
        let recorder = Recorder::new();
        (Self(vec![Arc::clone(&recorder)]), recorder)
    }

    /// Returns a handle of all captures that run on this thread, including outer captures. Without a
    /// running capture, [`run`](Self::run) only calls the function.
    #[must_use]
    pub fn current() -> Self {
        Self(instrument::watching())
    }

    /// Runs `f` on this thread, records its measurements in these captures, and returns its return value.
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        let _watch = instrument::watch(&self.0);
        f()
    }

    /// Awaits `future`, records the measurements from its polls and its drop in these captures, and returns
    /// its output.
    ///
    /// ```
    /// use dt_metrics::{counted, testing::{Capture, capture_async}};
    ///
    /// #[counted(name = "pages")]
    /// async fn page() {}
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let seen = capture_async(async {
    ///     tokio::spawn(Capture::current().run_async(page())).await
    /// })
    /// .await;
    /// assert_eq!(seen.counter("pages").value(), 1);
    /// # });
    /// ```
    pub fn run_async<F: Future>(
        &self,
        future: F,
    ) -> impl Future<Output = F::Output> + Unpin + use<F> {
        Running {
            capture: self.clone(),
            future: Some(Box::pin(future)),
        }
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").finish_non_exhaustive()
    }
}

/// A future that captures watch.
struct Running<F> {
    capture: Capture,
    /// `None` once it has finished.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Running<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { capture, future } = &mut *self;
        capture.run(|| {
            let Some(running) = future else {
                return Poll::Pending;
            };
            let poll = running.as_mut().poll(context);
            if poll.is_ready() {
                // Dropped here, since the values that it still holds may measure when they are dropped.
                *future = None;
            }
            poll
        })
    }
}

impl<F> Drop for Running<F> {
    fn drop(&mut self) {
        let Self { capture, future } = self;
        if future.is_some() {
            capture.run(|| *future = None);
        }
    }
}
