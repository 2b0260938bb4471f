//! The running pipeline: how it is flushed, and how it ends.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::bridge::Bridge;
use super::deadline::{Deadline, Late};
use super::error::Error;
use super::exit::{ExitWatch, LIMIT};
use super::foreign_exporter::Failures;
use super::lifecycle::{Installed, Lifecycle};
use super::passes::Passes;
use super::schedule::PushTimer;
use super::signal::Termination;
use crate::dynatrace::{ExportError, Exporter, FlushStart, Health, SATURATED};
use crate::process::Process;

/// Everything that runs between an installation and the shutdown.
pub(super) struct Running {
    pub(super) provider: SdkMeterProvider,
    owner: ProviderOwner,
    /// `None` if the environment turns metrics off: nothing runs.
    bridge: Option<Arc<Bridge>>,
    passes: Passes,
    /// The exporter that the builder made, if it made one: its deadlines are kept here.
    pub(super) exporter: Option<Exporter>,
    /// `None` once it has ended, or if the SDK's timers decide when to push.
    timer: Mutex<Option<PushTimer>>,
    pub(super) shutdown_timeout: Duration,
    lifecycle: Lifecycle,
    process: Process,
    /// Present while signals are caught.
    termination: Mutex<Option<Termination>>,
    /// Present while an exit of the process delivers.
    exit: Mutex<Option<ExitWatch>>,
}

/// The builder of the provider, who also shuts it down.
#[derive(Clone, Debug)]
pub(super) enum ProviderOwner {
    Pipeline(Failures),
    Program,
}

impl Running {
    pub(super) fn new(
        provider: SdkMeterProvider,
        owner: ProviderOwner,
        bridge: Option<Bridge>,
        exporter: Option<Exporter>,
        timer: Option<PushTimer>,
        shutdown_timeout: Duration,
        installed: Installed,
    ) -> Self {
        Self {
            provider,
            owner,
            bridge: bridge.map(Arc::new),
            passes: Passes::default(),
            exporter,
            timer: Mutex::new(timer),
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
    pub(super) fn deliver_at_exit(self: &Arc<Self>) -> io::Result<()> {
        if self.is_off() {
            return Ok(());
        }
        let running = Arc::downgrade(self);
        let limit = self.shutdown_timeout.min(LIMIT);
        let watch = ExitWatch::start(limit, move || {
            let Some(running) = running.upgrade() else {
                return;
            };
            if let Err(error) = running.shutdown(Deadline::after(limit)) {
                tracing::warn!(
                    target: "dt_metrics",
                    "metrics were not all delivered before the exit: {error}"
                );
            }
        })?;
        *self.exit.lock().unwrap_or_else(PoisonError::into_inner) = watch;
        Ok(())
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
        let (bridge, provider, owner) = (bridge.clone(), self.provider.clone(), self.owner.clone());
        let collected = self.passes.join(&deadline, move || {
            // Ends if the bridge is stopped.
            if let Err(Late::Thread(error)) = bridge.prepare(&Deadline::never()) {
                return Err(OTelSdkError::InternalFailure(error.to_string()));
            }
            owner.clear_failures();
            provider.force_flush().map_err(|error| owner.explain(error))
        })?;
        if let Some((exporter, mark)) = marked {
            exporter
                .flush_since(mark, deadline.remaining())
                .map_err(|error| deadline.explain(error))?;
        }
        collected.map_err(Error::Provider)
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
        drop(
            self.timer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let marked = self.marked()?;
        // Pending requests are sent while the rest is collected, however long that takes.
        if let Some((exporter, _)) = &marked {
            exporter.hurry();
        }
        let prepared = bridge.prepare(&deadline);
        let (provider, owner) = (self.provider.clone(), self.owner.clone());
        self.owner.clear_failures();
        let collected = deadline.run("dt-metrics-collect", move || match owner {
            ProviderOwner::Pipeline(_) => provider.shutdown(),
            ProviderOwner::Program => provider.force_flush(),
        });
        let delivered = match marked {
            Some((exporter, mark)) => exporter
                .shutdown_since(mark, deadline.remaining())
                .map_err(|error| deadline.explain(error)),
            None => Ok(()),
        };
        bridge.stop();
        *self.termination() = None;
        let exit = self
            .exit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(exit);
        delivered?;
        prepared?;
        match collected? {
            // The program shut the provider down itself.
            Ok(()) | Err(OTelSdkError::AlreadyShutdown) => Ok(()),
            Err(error) => Err(Error::Provider(self.owner.explain(error))),
        }
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

impl ProviderOwner {
    /// Forgets earlier failures, which are not errors of the next call.
    fn clear_failures(&self) {
        if let Self::Pipeline(failures) = self {
            failures.clear();
        }
    }

    fn explain(&self, error: OTelSdkError) -> OTelSdkError {
        match self {
            Self::Pipeline(failures) => failures.explain(error),
            Self::Program => error,
        }
    }
}
