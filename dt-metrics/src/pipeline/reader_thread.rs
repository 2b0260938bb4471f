//! A reader with a thread of its own, where it collects and exports at each interval and whenever it is flushed: an
//! exporter that blocks holds up no other reader, and never runs in an executor of the program.
//!
//! Not the SDK's `PeriodicReader`, which keeps the data points of its last collection, and which only a provider
//! can flush.

use std::fmt;
use std::io;
use std::sync::Weak;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{InstrumentKind, Pipeline, Temporality};

use super::push_reader::PushReader;
use super::schedule::Schedule;
use crate::thread::spawn;

/// Collects for one exporter on a thread, which ends with the last clone. Clones are the same reader.
pub(super) struct ReaderThread<E> {
    reader: PushReader<E>,
    commands: Sender<Command>,
}

struct Command {
    kind: Kind,
    reply: Sender<OTelSdkResult>,
}

enum Kind {
    Flush,
    /// Ends the thread as well. Has the time that it may take.
    Shutdown(Duration),
}

impl<E: PushMetricExporter> ReaderThread<E> {
    /// Starts the thread, which collects at each interval, from a random moment within the first one on.
    pub(super) fn start(reader: PushReader<E>, interval: Duration) -> io::Result<Self> {
        let (commands, received) = mpsc::channel();
        let schedule = Schedule::spread(interval);
        let of_thread = reader.clone();
        spawn("dt-metrics-reader", move || {
            run(&of_thread, schedule, &received);
        })?;
        Ok(Self { reader, commands })
    }

    fn send(&self, kind: Kind) -> Result<Receiver<OTelSdkResult>, OTelSdkError> {
        let (reply, result) = mpsc::channel();
        self.commands
            .send(Command { kind, reply })
            .map_err(|_| OTelSdkError::AlreadyShutdown)?;
        Ok(result)
    }
}

/// Collects at the interval, and as commanded, until the reader ends.
fn run(
    reader: &PushReader<impl PushMetricExporter>,
    mut schedule: Schedule,
    commands: &Receiver<Command>,
) {
    loop {
        let Command { kind, reply } = match commands.recv_timeout(schedule.pause(Instant::now())) {
            Ok(command) => command,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = reader.force_flush() {
                    tracing::warn!(target: "dt_metrics", "metrics were not exported: {error}");
                }
                schedule.pushed(Instant::now());
                continue;
            }
        };
        let (result, ends) = match kind {
            Kind::Flush => (reader.force_flush(), false),
            Kind::Shutdown(limit) => (reader.shutdown_with_timeout(limit), true),
        };
        // Nobody receives it any more if the caller's time was up.
        reply.send(result).ok();
        if ends {
            return;
        }
    }
}

impl<E> Clone for ReaderThread<E> {
    fn clone(&self) -> Self {
        Self {
            reader: self.reader.clone(),
            commands: self.commands.clone(),
        }
    }
}

impl<E> fmt::Debug for ReaderThread<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReaderThread")
    }
}

impl<E: PushMetricExporter> MetricReader for ReaderThread<E> {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.reader.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.reader.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        let result = self.send(Kind::Flush)?;
        result.recv().unwrap_or(Err(OTelSdkError::AlreadyShutdown))
    }

    fn shutdown_with_timeout(&self, limit: Duration) -> OTelSdkResult {
        let result = self.send(Kind::Shutdown(limit))?;
        match result.recv_timeout(limit) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(OTelSdkError::Timeout(limit)),
            Err(RecvTimeoutError::Disconnected) => Err(OTelSdkError::AlreadyShutdown),
        }
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.reader.temporality(kind)
    }
}

#[cfg(test)]
mod tests;
