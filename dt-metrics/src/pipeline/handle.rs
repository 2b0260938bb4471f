//! The handle: the running pipeline as the program sees it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::metrics::SdkMeterProvider;
use tokio::sync::oneshot;

use super::deadline::Deadline;
use super::error::Error;
use super::running::Running;
use crate::dynatrace::Health;
use crate::thread::spawn;

/// The running pipeline, returned by [`install`](crate::Builder::install) and [`init`](crate::init).
/// Dropping the handle delivers pending metrics and stops the pipeline.
///
/// All methods can be called repeatedly, on a plain thread, inside a current-thread runtime and inside a
/// multi-thread runtime. Methods whose name ends in `_async` do not block the runtime; the other methods
/// block the calling thread.
///
/// Dropping the handle blocks like [`shutdown`](Self::shutdown) with a timeout of five seconds, or of
/// [`shutdown_timeout`](crate::Builder::shutdown_timeout). If the process exits without dropping
/// the handle, because it is in a `static` or because of `std::process::exit`, pending metrics are
/// still delivered on Unix: for at most two seconds, or for `shutdown_timeout` if that is shorter.
/// On other platforms, call [`shutdown`](Self::shutdown) before the exit.
///
/// Measurements that were not collected are lost if the process ends by a signal, `abort`, or a panic
/// under `panic = "abort"`. For SIGTERM and SIGINT, use
/// [`flush_on_termination`](crate::Builder::flush_on_termination).
///
/// A forked child does not have the threads of its parent. In the child, `flush` and `shutdown`
/// return [`Error::Forked`](crate::Error::Forked), and dropping the handle does nothing. Install
/// metrics again in the child. It then delivers its measurements since the fork; the parent
/// delivers earlier ones.
#[must_use = "metrics end when this is dropped; keep it until the end of `main`"]
pub struct Handle(Arc<Running>);

impl Handle {
    pub(super) fn new(running: Running) -> Self {
        Self(Arc::new(running))
    }

    /// Flushes before a signal ends the process.
    pub(super) fn flush_on_termination(&self) -> io::Result<()> {
        self.0.flush_on_termination()
    }

    /// Delivers when the process exits.
    pub(super) fn deliver_at_exit(&self) {
        self.0.deliver_at_exit();
    }

    /// Collects all measurements so far and delivers them. Blocks until the receiver has answered every
    /// request, for `timeout` at most.
    ///
    /// If the exporter pauses after a failure, it retries at once.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::init()?;
    /// // … a job that is over …
    /// if let Err(error) = metrics.flush(Duration::from_secs(2)) {
    ///     eprintln!("metrics: {error}"); // delivery is retried later
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] or [`Error::Export`] if some requests are not delivered yet; they stay in
    /// the buffer and are sent later. [`Error::ShutDown`] after [`shutdown`](Self::shutdown).
    /// [`Error::Forked`] in a forked child.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.0.flush(Deadline::after(timeout))
    }

    /// Collects and delivers like [`flush`](Self::flush), without blocking the runtime.
    ///
    /// # Errors
    ///
    /// The errors of [`flush`](Self::flush).
    pub async fn flush_async(&self, timeout: Duration) -> Result<(), Error> {
        let deadline = Deadline::after(timeout);
        if self.0.is_off() {
            return self.0.flush(deadline);
        }
        self.on_a_thread("dt-metrics-flush", deadline, Running::flush)
            .await
    }

    /// Collects and delivers all measurements so far, then stops the pipeline. Blocks for `timeout` at most.
    ///
    /// Later measurements are kept, and are delivered if you install metrics again. A second call does
    /// nothing.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::init()?;
    /// // … the program …
    /// if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
    ///     eprintln!("metrics: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] or [`Error::Export`] if some requests could not be delivered in time. They
    /// stay in the spool, if there is one, or are lost and counted in [`health`](Self::health).
    /// [`Error::Export`] as well if pending data points were dropped during this call, with their
    /// number and the reasons.
    /// [`Error::Timeout`] also if another call shuts down at the same time and takes longer.
    /// [`Error::Forked`] in a forked child.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        self.0.shutdown(Deadline::after(timeout))
    }

    /// Shuts down like [`shutdown`](Self::shutdown), without blocking the runtime.
    ///
    /// # Errors
    ///
    /// The errors of [`shutdown`](Self::shutdown).
    pub async fn shutdown_async(&self, timeout: Duration) -> Result<(), Error> {
        let deadline = Deadline::after(timeout);
        if self.0.is_off() {
            return self.0.shutdown(deadline);
        }
        self.on_a_thread("dt-metrics-shutdown", deadline, Running::shutdown)
            .await
    }

    /// Returns the numbers of data points that were accepted, rejected and dropped so far, and the latest
    /// failure. Does not block on the network.
    ///
    /// The numbers are from the Dynatrace exporter. They include data points that were dropped before they
    /// reached the exporter: another instrument has the same name (`conflicting_definition`), an
    /// observed function panicked (`observed_panic`), a value was NaN or infinite (`not_finite`),
    /// the value of a counter was negative (`negative`), or a thread recorded more values before
    /// `install` than it keeps (`before_install`).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::init()?;
    /// let health = metrics.health();
    /// println!("{} points accepted, {} rejected", health.points_accepted, health.points_rejected);
    /// if let Some(error) = health.last_error {
    ///     println!("{error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.health()
    }

    /// Returns the provider of the pipeline. Use it to create your own OpenTelemetry instruments.
    ///
    /// ```no_run
    /// use opentelemetry::metrics::MeterProvider;
    ///
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::init()?;
    /// let orders = metrics.provider().meter("shop").u64_counter("orders").build();
    /// orders.add(1, &[]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn provider(&self) -> &SdkMeterProvider {
        &self.0.provider
    }

    /// Runs `work` on a thread of its own.
    async fn on_a_thread(
        &self,
        name: &str,
        deadline: Deadline,
        work: fn(&Running, Deadline) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let running = Arc::clone(&self.0);
        let (sender, done) = oneshot::channel();
        spawn(name, move || {
            // The future may have been dropped.
            drop(sender.send(work(&running, deadline)));
        })
        .map_err(Error::Thread)?;
        done.await
            .unwrap_or_else(|_| Err(Error::from(deadline.late())))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.0.is_forked() {
            // Never dropped: the provider would wait for a thread that this process does not have.
            std::mem::forget(Arc::clone(&self.0));
            return;
        }
        let timeout = self.0.shutdown_timeout;
        if let Err(error) = self.0.shutdown(Deadline::after(timeout)) {
            tracing::warn!(target: "dt_metrics", "metrics were not all delivered: {error}");
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("exporter", &self.0.exporter)
            .finish_non_exhaustive()
    }
}
