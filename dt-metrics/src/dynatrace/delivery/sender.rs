//! The thread that sends.

use crate::dynatrace::buffer::{Shared, race};
use crate::dynatrace::delivery::report::{Reporter, announce, tell};
use crate::dynatrace::delivery::settle::Step;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::backoff::{Backoff, Pace};
use crate::dynatrace::thread::suppress_telemetry;
use crate::dynatrace::transport::Transport;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

const THREAD_NAME: &str = "dt-metrics-export";

/// Sends what is queued, one request at a time and in order, until stopped.
pub(crate) async fn run(shared: &Shared, transport: &impl Transport, reporter: &mut Reporter) {
    let mut backoff = Backoff::new();
    while let Some(batch) = shared.next().await {
        shared.disk_marked().await;
        let Some(outcome) = shared.unless_stopped(transport.send(&batch.body)).await else {
            return;
        };
        let step = shared.settle(&outcome);
        if batch.is_aside {
            reporter.report_aside(&outcome);
        } else {
            reporter.report(&outcome);
        }
        shared.disk_settled(batch.place.sequence).await;
        match step {
            Step::Next => backoff.reset(),
            Step::Other => {}
            Step::Pause(pace, after) => {
                if shared.pause(backoff.next(pace, after)).await {
                    backoff.reset();
                }
            }
        }
    }
}

/// Sends and tells until stopped, whatever happens.
fn work(
    runtime: &tokio::runtime::Runtime,
    shared: &Shared,
    transport: &impl Transport,
    listener: &EventListener,
) {
    let mut reporter = Reporter::new(listener.clone());
    let mut backoff = Backoff::new();
    loop {
        let working = AssertUnwindSafe(|| {
            runtime.block_on(race(
                run(shared, transport, &mut reporter),
                announce(shared, listener),
            ))
        });
        if catch_unwind(working).is_ok() {
            tell(&shared.last_news(), listener);
            return;
        }
        // A subscriber of the program, most likely: it runs wherever something is said.
        shared.failed_badly();
        runtime.block_on(shared.pause(backoff.next(Pace::Fast, None)));
    }
}

/// Starts the thread, and `beside` on it, which ends with it. It has a runtime of its own, so it
/// needs none of the program's and cannot be
/// held up by it.
pub(crate) fn start(
    shared: Arc<Shared>,
    transport: impl Transport + Send + 'static,
    listener: EventListener,
    beside: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ConfigError> {
    let (started, result) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name(THREAD_NAME.into())
        .spawn(move || {
            suppress_telemetry();
            // Dropped last, and on a panic, too: those who wait must learn of it.
            let _exit = Exit(shared.clone());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .thread_name(THREAD_NAME)
                .on_thread_start(suppress_telemetry)
                .build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = started.send(Err(error));
                    return;
                }
            };
            if started.send(Ok(())).is_ok() {
                runtime.spawn(beside);
                work(&runtime, &shared, &transport, &listener);
            }
            // Looking up a name blocks a thread of the runtime for as long as it likes.
            runtime.shutdown_background();
        })
        .map_err(ConfigError::Thread)?;
    match result.recv() {
        Ok(result) => result.map_err(ConfigError::Thread),
        Err(_) => Err(ConfigError::Thread(std::io::Error::other(
            "it ended at once",
        ))),
    }
}

struct Exit(Arc<Shared>);

impl Drop for Exit {
    fn drop(&mut self) {
        self.0.exited();
    }
}

#[cfg(test)]
mod tests;
