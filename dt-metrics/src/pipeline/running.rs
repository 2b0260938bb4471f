//! The running pipeline: how it is flushed, and how it ends.

use std::io;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::bridge::Bridge;
use super::console::Console;
use super::deadline::{Deadline, Late};
use super::error::Error;
use super::exit::{ExitWatch, LIMIT};
use super::lifecycle::{Installed, Lifecycle};
use super::readers::{Reader, joined};
use super::signal::Termination;
use crate::dynatrace::{ExportError, Exporter, FlushStart, Health, SATURATED};
use crate::process::Process;
use crate::thread::spawn;

/// How long a reader may take before the next one begins. They collect one after the other, since
/// each collection waits for the aggregation of the other readers.
const TURN: Duration = Duration::from_millis(100);

/// A collection of a reader.
enum Collection {
    Done(OTelSdkResult),
    UnderWay(Receiver<OTelSdkResult>),
}

/// Everything that runs between an installation and the shutdown.
pub(super) struct Running {
    pub(super) provider: SdkMeterProvider,
    owner: ProviderOwner,
    /// `None` if the environment turns metrics off: nothing runs.
    bridge: Option<Arc<Bridge>>,
    /// The readers that are flushed and ended here. The first one has the exporter below.
    readers: Vec<Reader>,
    /// Prints pushes, if the option is set.
    console: Option<Console>,
    /// The exporter that the builder made, if it made one: its deadlines are kept here.
    pub(super) exporter: Option<Exporter>,
    pub(super) shutdown_timeout: Duration,
    lifecycle: Lifecycle,
    process: Process,
    /// Present while signals are caught.
    termination: Mutex<Option<Termination>>,
    /// Present while an exit of the process delivers.
    exit: Mutex<Option<ExitWatch>>,
}

/// The builder of the provider, who also shuts it down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ProviderOwner {
    Pipeline,
    Program,
}

impl Running {
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the parts of a pipeline"
    )]
    pub(super) fn new(
        provider: SdkMeterProvider,
        owner: ProviderOwner,
        readers: Vec<Reader>,
        console: Option<Console>,
        bridge: Option<Bridge>,
        exporter: Option<Exporter>,
        shutdown_timeout: Duration,
        installed: Installed,
    ) -> Self {
        Self {
            provider,
            owner,
            bridge: bridge.map(Arc::new),
            readers,
            console,
            exporter,
            shutdown_timeout,
            lifecycle: Lifecycle::new(installed),
            process: Process::current(),
            termination: Mutex::new(None),
            exit: Mutex::new(None),
        }
    }

    /// Whether this is a forked child, which has none of the pipeline's threads.
    pub(super) fn is_forked(&self) -> bool {
        self.process.is_forked()
    }

    /// The health of the exporter, and the points that were dropped on the way to it.
    pub(super) fn health(&self) -> Health {
        let mut health = self
            .exporter
            .as_ref()
            .map(Exporter::health)
            .unwrap_or_default();
        for (reason, points) in self.bridge.iter().flat_map(|bridge| bridge.dropped()) {
            health.drop_points(reason, points);
        }
        if let Some(points) = self.bridge.as_ref().map(|bridge| bridge.saturated())
            && points > 0
        {
            *health.altered.entry(SATURATED).or_default() += points;
        }
        health
    }

    /// Flushes before a signal ends the process.
    pub(super) fn flush_on_termination(self: &Arc<Self>) -> io::Result<()> {
        let running = Arc::downgrade(self);
        let termination = Termination::watch(move || {
            let Some(running) = running.upgrade() else {
                return;
            };
            let deadline = Deadline::after(running.shutdown_timeout);
            // On a thread of its own: a shutdown that is under way may take longer than this.
            let flushed = deadline
                .run("dt-metrics-flush", move || match running.flush(deadline) {
                    // Waits for a shutdown that is under way; one that is over returns at once.
                    Err(Error::ShutDown) => running.shutdown(deadline),
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
        *self.termination() = Some(termination);
        Ok(())
    }

    /// Delivers when the process exits.
    pub(super) fn deliver_at_exit(self: &Arc<Self>) {
        let Some(bridge) = &self.bridge else {
            return;
        };
        let running = Arc::downgrade(self);
        let limit = self.shutdown_timeout.min(LIMIT);
        let watch = ExitWatch::start(limit, bridge, move || {
            let Some(running) = running.upgrade() else {
                return;
            };
            let mut result = running.shutdown(Deadline::after(limit));
            if running.owner == ProviderOwner::Program {
                // Nothing is measured any more, and a flush does not wait for data that exporters
                // hold.
                let ended = running.provider.shutdown().or_else(|error| match error {
                    OTelSdkError::AlreadyShutdown => Ok(()),
                    error => Err(Error::Provider(error)),
                });
                result = result.and(ended);
            }
            if let Err(error) = result {
                tracing::warn!(
                    target: "dt_metrics",
                    "metrics were not all delivered before the exit: {error}"
                );
            }
        });
        *self.exit.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    /// Whether the environment turns metrics off.
    pub(super) fn is_off(&self) -> bool {
        self.bridge.is_none()
    }

    /// Collects all measurements until now and delivers them.
    pub(super) fn flush(&self, deadline: Deadline) -> Result<(), Error> {
        if self.is_forked() {
            return Err(Error::Forked);
        }
        if !self.lifecycle.is_running() {
            return Err(Error::ShutDown);
        }
        let Some(bridge) = &self.bridge else {
            return Ok(());
        };
        let marked = self.marked()?;
        let begin = |reader: &Reader| reader.flush(bridge);
        self.collect(begin, &deadline, |is_collected| match marked {
            Some((exporter, mark)) if is_collected => {
                exporter.flush_since(mark, deadline.remaining())
            }
            _ => Ok(()),
        })
    }

    /// Lets the readers collect, one after the other, unless one takes longer. As soon as the first
    /// reader is done, `deliver` delivers its collection: other exporters may hang.
    fn collect(
        &self,
        begin: impl Fn(&Reader) -> Result<Receiver<OTelSdkResult>, Late>,
        deadline: &Deadline,
        deliver: impl FnOnce(bool) -> Result<(), ExportError>,
    ) -> Result<(), Error> {
        let collections = self.readers.iter().map(|reader| {
            let result = begin(reader)?;
            Ok(match result.recv_timeout(TURN.min(deadline.remaining())) {
                Ok(done) => Collection::Done(done),
                // Reported as an error below if the thread has ended.
                Err(_) => Collection::UnderWay(result),
            })
        });
        let collections: Vec<Result<Collection, Late>> = collections.collect();
        let wait = |collection: Result<Collection, Late>| match collection? {
            Collection::Done(result) => Ok(result),
            Collection::UnderWay(result) => deadline.recv(&result),
        };
        let mut collections = collections.into_iter();
        let first = collections.next().map(wait);
        let is_collected = !matches!(first, Some(Err(_)));
        let delivered = deliver(is_collected).map_err(|error| deadline.explain(error));
        let others: Vec<_> = collections.map(wait).collect();
        let results: Result<Vec<_>, Late> = first.into_iter().chain(others).collect();
        delivered?;
        match joined(results?) {
            // The program shut the provider down itself.
            Err(OTelSdkError::AlreadyShutdown) if self.owner == ProviderOwner::Program => Ok(()),
            result => result.map_err(Error::Provider),
        }
    }

    /// Collects and delivers all measurements until now, then stops. A second call does nothing.
    pub(super) fn shutdown(&self, deadline: Deadline) -> Result<(), Error> {
        if self.is_forked() {
            return Err(Error::Forked);
        }
        let Some(_ending) = self.lifecycle.end(&deadline)? else {
            return Ok(());
        };
        let Some(bridge) = &self.bridge else {
            return Ok(());
        };
        bridge.end_pushes();
        let marked = self.marked()?;
        // Pending requests are sent while the rest is collected, however long that takes.
        if let Some((exporter, _)) = &marked {
            exporter.hurry();
        }
        // A push may be under way, and hang in a callback of the program. Then there is still time to
        // deliver.
        let prepared = bridge.prepare(&deadline.half());
        let ends = self.owner == ProviderOwner::Pipeline;
        let begin = |reader: &Reader| reader.shutdown(ends);
        let result = self.collect(begin, &deadline, |_| match marked {
            Some((exporter, mark)) => exporter.shutdown_since(mark, deadline.remaining()),
            None => Ok(()),
        });
        if let Some(console) = &self.console {
            console.end(deadline.remaining());
        }
        bridge.stop();
        *self.termination() = None;
        let exit = self
            .exit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(exit);
        if ends {
            self.end_provider();
        }
        result.and(prepared.map_err(|_| Error::from(deadline.late())))
    }

    /// Ends the provider, whose readers have ended or hang.
    fn end_provider(&self) {
        let provider = self.provider.clone();
        let ended = spawn("dt-metrics-collect", move || {
            // Its readers have reported before.
            drop(provider.shutdown());
        });
        // Without a thread, the provider ends when it is dropped.
        drop(ended);
    }

    /// The exporter, and the mark of a call: requests that are refused after the mark are an error
    /// of that call.
    fn marked(&self) -> Result<Option<(&Exporter, FlushStart)>, ExportError> {
        let exporter = self.exporter.as_ref();
        exporter
            .map(|exporter| Ok((exporter, exporter.start_flush()?)))
            .transpose()
    }

    fn termination(&self) -> MutexGuard<'_, Option<Termination>> {
        self.termination
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
