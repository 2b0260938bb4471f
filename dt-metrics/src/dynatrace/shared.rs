//! What the program's threads and the exporter's thread share, and how they wait for each other.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::batch::Body;
use super::health::Health;
use super::outcome::{Failure, Next, Outcome};
use super::queue::{Batch, Queue};
use super::retry::Pace;

/// The lock is held for moments only: never while sending, logging or waiting.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// For the program's threads: something was settled.
    pub(super) settled: Condvar,
    /// For the exporter's thread: look at the state again.
    wake: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) queue: Queue,
    pub(super) health: Health,
    /// How many attempts were begun, and how many of them ended.
    pub(super) begun: u64,
    pub(super) ended: u64,
    /// The latest attempt whose answer ends a flush.
    pub(super) refusal: Option<Refusal>,
    /// Somebody waits: the next pause is skipped.
    hurry: bool,
    /// Nothing is taken or sent any more.
    pub(super) stopped: bool,
    /// The exporter's thread is gone.
    pub(super) exited: bool,
    /// Whether lines were dropped for want of room since the last success.
    overflowing: bool,
}

/// An attempt that tells those who wait that waiting is of no use.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The number of the attempt, from 1.
    pub(super) attempt: u64,
    pub(super) kind: RefusalKind,
    pub(super) reason: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RefusalKind {
    /// The request is kept, but trying soon does not help.
    Kept,
    /// The request was dropped.
    Dropped,
    /// Nothing listens there.
    NobodyThere,
}

impl Shared {
    pub(super) fn new(buffer_limit_bytes: usize) -> Self {
        Self {
            state: Mutex::new(State {
                queue: Queue::new(buffer_limit_bytes),
                health: Health::default(),
                begun: 0,
                ended: 0,
                refusal: None,
                hurry: false,
                stopped: false,
                exited: false,
                overflowing: false,
            }),
            settled: Condvar::new(),
            wake: Notify::new(),
        }
    }

    /// A panic elsewhere leaves counts that are whole, so its poison is of no interest.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn health(&self) -> Health {
        let state = self.lock();
        let mut health = state.health.clone();
        health.buffered_lines = state.queue.lines();
        health.buffered_bytes = u64::try_from(state.queue.bytes()).unwrap_or(u64::MAX);
        health
    }

    pub(super) fn drop_points(&self, dropped: &BTreeMap<&'static str, u64>) {
        let mut state = self.lock();
        for (reason, points) in dropped {
            state.health.drop_points(reason, *points);
        }
    }

    /// Adds requests, and drops the oldest where there is no room; `false` once stopped.
    pub(super) fn enqueue(&self, bodies: Vec<Body>) -> bool {
        let mut state = self.lock();
        if state.stopped {
            let lines = bodies.iter().map(|body| body.lines).sum();
            state.health.drop_lines("shutdown", lines);
            return false;
        }
        let dropped = bodies.into_iter().map(|body| state.queue.push(body)).sum();
        let first = state.overflowed(dropped);
        drop(state);
        self.wake.notify_one();
        self.settled.notify_all();
        warn_overflow(first, dropped);
        true
    }

    /// Lets the exporter's thread attempt at once.
    pub(super) fn hurry(&self, state: &mut State) {
        state.hurry = true;
        self.wake.notify_one();
    }

    /// Ends all sending. What is left is dropped; returns how many lines that were.
    pub(super) fn stop(&self) -> u64 {
        let mut state = self.lock();
        state.stopped = true;
        state.health.requests_ambiguous += u64::from(state.queue.has_in_flight());
        let lines = state.queue.clear();
        state.health.drop_lines("shutdown", lines);
        drop(state);
        self.wake.notify_one();
        self.settled.notify_all();
        lines
    }

    /// The exporter's thread is gone, by whatever way.
    pub(super) fn exited(&self) {
        self.stop();
        self.lock().exited = true;
        self.settled.notify_all();
    }

    /// Waits for a request to send; `None` once stopped.
    pub(super) async fn next(&self) -> Option<Batch> {
        self.wait(None, |state| {
            if state.stopped {
                return Some(None);
            }
            let batch = state.queue.take()?;
            state.begun += 1;
            state.hurry = false;
            state.health.retries += u64::from(batch.attempts > 1);
            Some(Some(batch))
        })
        .await
        .flatten()
    }

    /// Runs an attempt; `None` if stopped meanwhile.
    pub(super) async fn unless_stopped<T>(&self, attempt: impl Future<Output = T>) -> Option<T> {
        race(
            attempt,
            self.wait(None, |state| state.stopped.then_some(())),
        )
        .await
        .ok()
    }

    /// Waits before the next attempt; `true` if somebody is in a hurry.
    pub(super) async fn pause(&self, pause: Duration) -> bool {
        self.wait(Some(Instant::now() + pause), |state| {
            (state.hurry || state.stopped).then(|| std::mem::take(&mut state.hurry))
        })
        .await
        .unwrap_or(false)
    }

    /// Books what became of the request in flight. Returns how to wait if it is to be sent again.
    pub(super) fn settle(&self, outcome: &Outcome) -> Option<(Pace, Option<Duration>)> {
        let mut state = self.lock();
        if state.stopped {
            return None; // It was booked when stopping.
        }
        state.ended += 1;
        state.note(outcome);
        let mut dropped = 0;
        let retry = match outcome.next() {
            Next::Done { invalid } => {
                state.accept(invalid);
                None
            }
            Next::Retry { pace, after } => {
                dropped = state.queue.put_back();
                Some((pace, after))
            }
            Next::Split => {
                if !state.queue.split() {
                    state.drop_in_flight("request_too_large");
                }
                None
            }
            Next::Drop => {
                state.drop_in_flight("request_rejected");
                None
            }
        };
        let first = state.overflowed(dropped);
        drop(state);
        self.settled.notify_all();
        warn_overflow(first, dropped);
        retry
    }

    /// Waits until `found` finds something, or until the deadline.
    async fn wait<T>(
        &self,
        deadline: Option<Instant>,
        mut found: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        loop {
            if let Some(value) = found(&mut self.lock()) {
                return Some(value);
            }
            let woken = self.wake.notified();
            match deadline {
                None => woken.await,
                Some(deadline) => tokio::time::timeout_at(deadline, woken).await.ok()?,
            }
        }
    }
}

impl State {
    fn note(&mut self, outcome: &Outcome) {
        match outcome.message() {
            None => {}
            Some(message) => self.health.last_error = Some(message.into()),
        }
        if !matches!(outcome, Outcome::Accepted | Outcome::Partial { .. }) {
            self.health.requests_failed += 1;
        }
        let kind = match outcome {
            Outcome::Unauthorized { .. } | Outcome::Misdirected { .. } => RefusalKind::Kept,
            Outcome::Rejected { .. } => RefusalKind::Dropped,
            Outcome::Failed {
                failure: Failure::Refused,
                ..
            } => RefusalKind::NobodyThere,
            Outcome::Failed {
                failure: Failure::NoAnswer,
                ..
            } => {
                self.health.requests_ambiguous += 1;
                return;
            }
            _ => return,
        };
        let reason = outcome.message().unwrap_or_default().into();
        self.refusal = Some(Refusal {
            attempt: self.ended,
            kind,
            reason,
        });
    }

    fn accept(&mut self, invalid: u64) {
        self.health.requests_ok += 1;
        self.overflowing = false;
        if let Some(batch) = self.queue.finish() {
            let ok = batch.body.lines.saturating_sub(invalid);
            self.health.lines_ok += ok;
            self.health.lines_invalid += batch.body.lines - ok;
            if ok > 0 {
                self.health.last_success = Some(SystemTime::now());
            }
        }
    }

    fn drop_in_flight(&mut self, reason: &'static str) {
        if let Some(batch) = self.queue.finish() {
            self.health.drop_lines(reason, batch.body.lines);
        }
    }

    /// Counts lines that had no room; `true` if these are the first.
    fn overflowed(&mut self, lines: u64) -> bool {
        self.health.drop_lines("buffer_full", lines);
        lines > 0 && !std::mem::replace(&mut self.overflowing, true)
    }
}

fn warn_overflow(first: bool, lines: u64) {
    if first {
        tracing::warn!(
            target: "dt_metrics",
            lines,
            "the buffer is full: the oldest lines are dropped until the endpoint accepts lines again"
        );
    }
}

/// The first of two futures to be ready, the left one before the right one.
async fn race<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> Result<A, B> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        right.as_mut().poll(context).map(Err)
    })
    .await
}
