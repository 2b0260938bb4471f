//! The running pipeline.

mod flush;
mod owner;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use opentelemetry_sdk::metrics::SdkMeterProvider;
use tokio::sync::oneshot;

pub(super) use self::owner::Owner;
use super::bridge::Bridge;
use super::deadline::Deadline;
use super::delivery::Delivery;
use super::error::Error;
use super::pacer::Pacer;
use super::place::Place;
use super::stage::Stages;
use super::termination::Termination;
use crate::dynatrace::Health;
use crate::home::Home;

/// The installed metrics: keeps them going, and delivers the rest when dropped.
///
/// All calls take `&self`, may be repeated, and work from a plain thread, inside a
/// current-thread runtime and inside a multi-thread runtime alike. Those with `_async` do not
/// block the runtime.
///
/// Dropping it is [`shutdown`](Self::shutdown) with five seconds, or with
/// [`shutdown_timeout`](crate::Builder::shutdown_timeout). It runs nowhere if the process ends
/// without unwinding the stack of `main`: by `process::exit`, a signal, or a panic under
/// `panic = "abort"`. What was not collected by then is lost; call [`flush`](Self::flush) before
/// `process::exit`, and for signals see
/// [`flush_on_termination`](crate::Builder::flush_on_termination).
///
/// A forked child has none of its threads: there, `flush` and `shutdown` say so
/// ([`Error::Forked`](crate::Error::Forked)), and dropping it does nothing. Install again in the
/// child, first of all: what its memory held by then is the parent's to deliver.
#[must_use = "metrics end when this is dropped; keep it until the end of `main`"]
pub struct Handle {
    inner: Arc<Inner>,
}

struct Inner {
    provider: SdkMeterProvider,
    owner: Owner,
    bridge: Bridge,
    delivery: Delivery,
    /// Some while it pushes.
    pacer: Mutex<Option<Pacer>>,
    shutdown_timeout: Duration,
    stage: Stages,
    home: Home,
    /// Some while signals are caught.
    termination: Mutex<Option<Termination>>,
}

impl Handle {
    pub(super) fn new(
        provider: SdkMeterProvider,
        owner: Owner,
        bridge: Bridge,
        delivery: Delivery,
        pacer: Option<Pacer>,
        shutdown_timeout: Duration,
        place: Place,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                provider,
                owner,
                bridge,
                delivery,
                pacer: Mutex::new(pacer),
                shutdown_timeout,
                stage: Stages::new(place),
                home: Home::here(),
                termination: Mutex::new(None),
            }),
        }
    }

    /// Flushes before a signal ends the process.
    pub(super) fn flush_on_termination(&self) -> io::Result<()> {
        let inner = Arc::downgrade(&self.inner);
        let termination = Termination::watch(move || {
            let Some(inner) = inner.upgrade() else { return };
            let deadline = Deadline::after(inner.shutdown_timeout);
            // On a thread of its own: a shutdown that goes on may take longer than this.
            let flushed = deadline
                .run("dt-metrics-flush", move || match inner.flush(deadline) {
                    // One that goes on is waited for; one that is over is over.
                    Err(Error::ShutDown) => inner.shutdown(deadline),
                    result => result,
                })
                .map_err(Error::from)
                .and_then(|result| result);
            if let Err(error) = flushed {
                tracing::warn!(
                    target: "dt_metrics",
                    "not all was delivered before the signal acts: {error}"
                );
            }
        })?;
        *self.inner.termination() = Some(termination);
        Ok(())
    }

    /// Collects what was measured until now and delivers it.
    ///
    /// Returns when the receiver has answered all of it, at the latest after `timeout`. If the
    /// exporter pauses after a failure, it tries at once.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::init()?;
    /// // … a job that is over …
    /// if let Err(error) = metrics.flush(Duration::from_secs(2)) {
    ///     eprintln!("metrics: {error}"); // they are tried again later
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] or [`Error::Export`] if something is not delivered yet; it stays in
    /// the buffer and is sent later. [`Error::ShutDown`] after [`shutdown`](Self::shutdown).
    /// [`Error::Forked`] in a forked child.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.inner.flush(Deadline::after(timeout))
    }

    /// [`flush`](Self::flush) for async code.
    ///
    /// # Errors
    ///
    /// As for [`flush`](Self::flush).
    pub async fn flush_async(&self, timeout: Duration) -> Result<(), Error> {
        let deadline = Deadline::after(timeout);
        self.apart("dt-metrics-flush", deadline, Inner::flush).await
    }

    /// Collects and delivers what was measured until now, then stops.
    ///
    /// What is measured afterwards is kept, and delivered if metrics are installed again. A
    /// second call does nothing.
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
    /// [`Error::Timeout`] or [`Error::Export`] if something could not be delivered in time. It
    /// waits in the spool then, if there is one; else it is lost. [`health`](Self::health) tells.
    /// [`Error::Timeout`] also if another call shuts down at the same time and takes longer.
    /// [`Error::Forked`] in a forked child.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        self.inner.shutdown(Deadline::after(timeout))
    }

    /// [`shutdown`](Self::shutdown) for async code.
    ///
    /// # Errors
    ///
    /// As for [`shutdown`](Self::shutdown).
    pub async fn shutdown_async(&self, timeout: Duration) -> Result<(), Error> {
        let deadline = Deadline::after(timeout);
        self.apart("dt-metrics-shutdown", deadline, Inner::shutdown)
            .await
    }

    /// What was sent, refused, retried and dropped until now.
    ///
    /// The numbers are those of the Dynatrace exporter, and the points that did not come as far:
    /// their instrument's name belongs to another (`conflicting_definition`), an observed function
    /// panicked (`observed_panic`), gave what is no number (`not_finite`) or, of a counter, one
    /// below zero (`negative`), or they were recorded too early (`before_install`).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::init()?;
    /// let health = metrics.health();
    /// println!("{} lines accepted, {} refused", health.points_accepted, health.points_rejected);
    /// if let Some(error) = health.last_error {
    ///     println!("{error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn health(&self) -> Health {
        let mut health = self.inner.delivery.health();
        for (reason, points) in self.inner.bridge.dropped() {
            health.drop_points(reason, points);
        }
        health
    }

    /// The provider that the pipeline feeds, for instruments of the program's own.
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
        &self.inner.provider
    }

    /// Runs `work` on a thread of its own.
    async fn apart(
        &self,
        name: &str,
        deadline: Deadline,
        work: fn(&Inner, Deadline) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        let (sender, done) = oneshot::channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                // The asker may have gone.
                drop(sender.send(work(&inner, deadline)));
            })
            .map_err(Error::Thread)?;
        done.await
            .unwrap_or_else(|_| Err(Error::from(deadline.late())))
    }
}

impl Inner {
    fn termination(&self) -> MutexGuard<'_, Option<Termination>> {
        self.termination
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.inner.home.is_elsewhere() {
            // The provider would wait for a thread that is not here.
            std::mem::forget(Arc::clone(&self.inner));
            return;
        }
        let timeout = self.inner.shutdown_timeout;
        if let Err(error) = self.inner.shutdown(Deadline::after(timeout)) {
            tracing::warn!(target: "dt_metrics", "metrics were not all delivered: {error}");
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("exporter", &self.inner.delivery)
            .finish_non_exhaustive()
    }
}
