//! The thread that sends pending requests: a window of a few at a time.
//!
//! Several requests are in flight at the same time only if nobody can tell the difference:
//!
//! - **All are of one collection.** So they have no series in common, and the data points of a series
//!   arrive in the order in which they were collected: a gauge never goes back, also where a receiver
//!   takes the last value instead of the latest time. Requests of the next collection wait until all of
//!   this one are answered. Requests of an earlier process are sent one at a time, since their
//!   collection is unknown.
//! - **A metadata line is in the request of the first line of its key.** Lines of the key in other
//!   requests may arrive before it: Dynatrace keeps both apart, and joins them by the key.
//! - **A request fails or is throttled: from now on one at a time**, once the others in flight are
//!   answered, until one is accepted. A failure while others were in flight is not evidence about the
//!   request (`retry::bisection`), so it is sent again by itself first. Retries are in their place: the
//!   oldest request is next.
//! - **With `AtMostOnce`, one at a time**, since the disk records one request that may have been sent,
//!   and a crash should cost no more than one.
//! - **A dead letter is in flight by itself**: it may have a series in common with any request.
//! - **A OneAgent on this host gets one at a time**: it answers at once.
//!
//! The disk needs no order: each request has its file until it is answered, and a process that dies
//! with several in flight leaves all their files to the next one, which counts each of them at least
//! once. `requests_unanswered` counts each request in flight when the exporter stops.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;

use crate::dynatrace::buffer::queue::Outgoing;
use crate::dynatrace::buffer::{Buffer, race};
use crate::dynatrace::delivery::report::{Reporter, report, report_events};
use crate::dynatrace::delivery::settle::{Next, settle};
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::backoff::{Backoff, Pace};
use crate::dynatrace::retry::outcome::{Attempt, Outcome};
use crate::dynatrace::transport::Transport;
use crate::thread::{runtime, spawn};

const THREAD_NAME: &str = "dt-metrics-export";

/// Requests in flight, and their answers to come.
struct Window<'a>(Vec<Pin<Box<dyn Sending + 'a>>>);

/// A request that is being sent.
trait Sending: Future<Output = (Outgoing, Attempt)> {}

impl<T: Future<Output = (Outgoing, Attempt)>> Sending for T {}

impl<'a> Window<'a> {
    fn send(&mut self, transport: &'a impl Transport, outgoing: Outgoing) {
        self.0.push(Box::pin(async move {
            let attempt = transport.send(&outgoing.body).await;
            (outgoing, attempt)
        }));
    }

    /// Waits for the next answer; forever if nothing is in flight.
    async fn answered(&mut self) -> (Outgoing, Attempt) {
        poll_fn(|context| {
            for (index, sending) in self.0.iter_mut().enumerate() {
                if let Poll::Ready(answered) = sending.as_mut().poll(context) {
                    drop(self.0.swap_remove(index));
                    return Poll::Ready(answered);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// How many requests may be in flight, and what follows once the last of them is answered.
struct Pacing {
    limit: usize,
    /// Since a request failed, no other one is sent until all that are in flight are answered.
    is_draining: bool,
    pause: Option<(Pace, Option<Duration>)>,
    backoff: Backoff,
}

impl Pacing {
    /// An answer that accepted a request, or not, and how to go on after it.
    fn answered(&mut self, is_accepted: bool, next: Next, max_in_flight: usize) {
        if !is_accepted {
            self.limit = 1;
            self.is_draining = true;
        } else if !self.is_draining {
            self.limit = max_in_flight;
        }
        match next {
            Next::Request => self.backoff.reset(),
            Next::Probe => {}
            Next::Pause(pace, after) => {
                let longest = self.pause.map_or(after, |(_, before)| before.max(after));
                self.pause = Some((pace, longest));
            }
        }
    }

    /// Nothing is in flight. Returns the pause before the next request.
    fn drained(&mut self) -> Option<Duration> {
        self.is_draining = false;
        let (pace, after) = self.pause.take()?;
        Some(self.backoff.next(pace, after))
    }
}

/// Sends pending requests until stopped.
pub(crate) async fn run(buffer: &Buffer, transport: &impl Transport, reporter: &mut Reporter) {
    let mut window = Window(Vec::new());
    let mut pacing = Pacing {
        limit: 1,
        is_draining: false,
        pause: None,
        backoff: Backoff::new(),
    };
    loop {
        let (outgoing, attempt) = match race(window.answered(), buffer.next(pacing.limit)).await {
            Ok(answered) => answered,
            Err(Some(outgoing)) => {
                if buffer.may_be_sent(outgoing.id).await {
                    window.send(transport, outgoing);
                }
                continue;
            }
            Err(None) => return,
        };
        let Attempt { outcome, warnings } = attempt;
        if let Some(warnings) = warnings {
            buffer.lock().warned(warnings);
        }
        let next = settle(buffer, outgoing.id, &outcome);
        reporter.report(&outcome, outgoing.is_dead_letter);
        let is_accepted = matches!(outcome, Outcome::Accepted | Outcome::Partial { .. });
        pacing.answered(is_accepted, next, transport.max_in_flight());
        buffer.wait_for_sync(outgoing.id.sequence).await;
        if window.0.is_empty()
            && let Some(pause) = pacing.drained()
            && buffer.pause(pause).await
        {
            pacing.backoff.reset();
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
