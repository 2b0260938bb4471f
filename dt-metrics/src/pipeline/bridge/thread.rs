//! The bridge's own thread, where instruments are made.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::metrics::Meter;

use super::shared::Shared;
use crate::descriptor::Kind;
use crate::instrument::calibrate;
use crate::registry::catalog;

/// So many requests can wait; their places are made beforehand, since those who record must not
/// allocate. More than a few never wait.
pub(super) const COMMANDS: usize = 64;

/// What the thread is asked to do.
pub(super) enum Command {
    /// Make the instruments that are missing, then answer.
    Prepare(Option<Sender<()>>),
    /// Take out what was recorded.
    TakeValues,
    Stop,
}

/// Starts the thread. With an interval it also hands over what was counted.
pub(super) fn spawn(
    meter: Meter,
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    interval: Option<Duration>,
) -> io::Result<()> {
    let run = move || {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        while shared.is_active() {
            let command = match interval {
                Some(interval) => match commands.recv_timeout(interval) {
                    Err(RecvTimeoutError::Timeout) => Command::Prepare(None),
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(command) => command,
                },
                None => match commands.recv() {
                    Ok(command) => command,
                    Err(_) => return,
                },
            };
            match command {
                Command::Prepare(reply) => {
                    shared.create_missing(&meter);
                    if interval.is_some() {
                        shared.collect();
                    }
                    if let Some(reply) = reply {
                        // Nobody listens any more if the asker's time was up.
                        reply.send(()).ok();
                    }
                }
                Command::TakeValues => shared.collect_values(),
                Command::Stop => return,
            }
        }
    };
    thread::Builder::new()
        .name("dt-metrics-bridge".to_owned())
        .spawn(run)
        .map(drop)
}

/// Makes timers cheaper from some milliseconds on, if there are any. Where it cannot be done they
/// stay as they are.
pub(super) fn calibrate_clock() {
    if catalog().iter().any(|d| d.kind == Kind::Histogram) {
        let calibrating = thread::Builder::new()
            .name("dt-metrics-clock".to_owned())
            .spawn(calibrate);
        drop(calibrating);
    }
}
