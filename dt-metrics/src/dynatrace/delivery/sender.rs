//! The thread that sends pending requests, one at a time.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

use crate::dynatrace::buffer::{Buffer, race};
use crate::dynatrace::delivery::report::{Reporter, report, report_events};
use crate::dynatrace::delivery::settle::{Next, settle};
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::backoff::{Backoff, Pace};
use crate::dynatrace::retry::outcome::Attempt;
use crate::dynatrace::transport::Transport;
use crate::thread::{runtime, spawn};

const THREAD_NAME: &str = "dt-metrics-export";

/// Sends pending requests until stopped.
pub(crate) async fn run(buffer: &Buffer, transport: &impl Transport, reporter: &mut Reporter) {
    let mut backoff = Backoff::new();
    while let Some(outgoing) = buffer.next().await {
        if !buffer.may_be_sent().await {
            continue;
        }
        let sending = transport.send(&outgoing.body);
        let Some(Attempt { outcome, warnings }) = buffer.unless_stopped(sending).await else {
            return;
        };
        if let Some(warnings) = warnings {
            buffer.lock().warned(warnings);
        }
        let next = settle(buffer, &outcome);
        reporter.report(&outcome, outgoing.is_dead_letter);
        buffer.wait_for_sync(outgoing.id.sequence).await;
        match next {
            Next::Request => backoff.reset(),
            Next::Probe => {}
            Next::Pause(pace, after) => {
                if buffer.pause(backoff.next(pace, after)).await {
                    backoff.reset();
                }
            }
        }
    }
}

/// Sends and reports until stopped, whatever happens.
fn work(
    runtime: &tokio::runtime::Runtime,
    buffer: &Buffer,
    transport: &impl Transport,
    listener: &EventListener,
) {
    let mut reporter = Reporter::new(listener.clone());
    let mut backoff = Backoff::new();
    loop {
        let working = AssertUnwindSafe(|| {
            runtime.block_on(race(
                run(buffer, transport, &mut reporter),
                report_events(buffer, listener),
            ))
        });
        if catch_unwind(working).is_ok() {
            report(&buffer.last_events(), listener);
            return;
        }
        // Most likely a subscriber of the program: it runs wherever something is logged.
        buffer.attempt_panicked();
        runtime.block_on(buffer.pause(backoff.next(Pace::Fast, None)));
    }
}

/// Starts the thread, and the task `watch` on it, which ends with it. The thread has a runtime of its own:
/// it needs none of the program's, and cannot be held up by it.
pub(crate) fn start(
    buffer: Arc<Buffer>,
    transport: impl Transport + Send + 'static,
    listener: EventListener,
    watch: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ConfigError> {
    let (started, result) = mpsc::sync_channel(1);
    spawn(THREAD_NAME, move || {
        // Dropped last, and on a panic as well: callers that wait are woken at the end.
        let _exit = Exit(buffer.clone());
        let runtime = match runtime(THREAD_NAME) {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = started.send(Err(error));
                return;
            }
        };
        if started.send(Ok(())).is_ok() {
            runtime.spawn(watch);
            work(&runtime, &buffer, &transport, &listener);
        }
        // A name lookup may block a thread of the runtime without a limit.
        runtime.shutdown_background();
    })
    .map_err(ConfigError::Thread)?;
    result
        .recv()
        .unwrap_or_else(|_| Err(std::io::Error::other("it ended at once")))
        .map_err(ConfigError::Thread)
}

/// Reports the end of the thread.
struct Exit(Arc<Buffer>);

impl Drop for Exit {
    fn drop(&mut self) {
        self.0.exited();
    }
}

#[cfg(test)]
mod tests;
