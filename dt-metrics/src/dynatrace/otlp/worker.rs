//! The thread that sends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::ConfigError;
use super::super::event::Watcher;
use super::super::report::Reporter;
use super::super::retry::{Backoff, Pace};
use super::super::worker::suppress_telemetry;
use super::queue::Shared;
use super::send::Sender;

const THREAD_NAME: &str = "dt-metrics-otlp";

/// Losses are not said more often.
const INTERVAL: Duration = Duration::from_secs(60);

/// Starts it. It has a runtime of its own, so it needs none of the program's.
pub(super) fn start(
    shared: Arc<Shared>,
    mut sender: Sender,
    watcher: Watcher,
) -> Result<(), ConfigError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .thread_name(THREAD_NAME)
        .on_thread_start(suppress_telemetry)
        .build()
        .map_err(ConfigError::Thread)?;
    std::thread::Builder::new()
        .name(THREAD_NAME.into())
        .spawn(move || {
            suppress_telemetry();
            // On a panic, too: those who wait must learn of it.
            let _exit = Exit(shared.clone());
            let mut reporter = Reporter::new(watcher);
            let mut losses = Losses::default();
            let mut backoff = Backoff::new();
            while !shared.is_stopped() {
                let working = AssertUnwindSafe(|| {
                    runtime.block_on(run(&shared, &mut sender, &mut reporter, &mut losses));
                });
                if catch_unwind(working).is_err() {
                    // A subscriber of the program, most likely: it runs wherever something is said.
                    runtime.block_on(shared.pause(backoff.next(Pace::Fast, None)));
                }
            }
            // Looking up a name blocks a thread of the runtime for as long as it likes.
            runtime.shutdown_background();
        })
        .map(drop)
        .map_err(ConfigError::Thread)
}

async fn run(shared: &Shared, sender: &mut Sender, reporter: &mut Reporter, losses: &mut Losses) {
    let mut backoff = Backoff::new();
    while let Some(message) = shared.next().await {
        losses.say(shared);
        let sent = shared.hold(message);
        let Some(message) = sent.message() else {
            continue;
        };
        let Some(outcome) = shared.unless_stopped(sender.send(message)).await else {
            return;
        };
        let pause = shared.settle(sent, &outcome);
        reporter.report(&outcome);
        losses.say(shared);
        match pause {
            None => backoff.reset(),
            Some((pace, after)) => {
                if shared.pause(backoff.next(pace, after)).await {
                    backoff.reset();
                }
            }
        }
    }
}

/// What was lost, at a limited rate.
#[derive(Default)]
struct Losses {
    said: Option<Instant>,
}

impl Losses {
    fn say(&mut self, shared: &Shared) {
        if self.said.is_some_and(|said| said.elapsed() < INTERVAL) {
            return;
        }
        let (lost, error) = shared.take_unsaid();
        for (reason, points) in lost {
            self.said = Some(Instant::now());
            tracing::warn!(
                target: "dt_metrics",
                points,
                reason,
                last_error = error,
                "data points were not delivered by OTLP"
            );
        }
    }
}

struct Exit(Arc<Shared>);

impl Drop for Exit {
    fn drop(&mut self) {
        self.0.stop();
    }
}
