//! What the program's threads and the exporter's thread share, and how they wait for each other.

use std::future::Future;
use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::body::Body;
use super::health::Health;
use super::notes::Notes;
use super::outcome::{Next, Outcome};
use super::queue::Batch;
use super::retry::Pace;
use super::state::{Life, State};

/// The lock is held for moments only: never while sending, logging or waiting.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// For the program's threads: something was settled.
    pub(super) settled: Condvar,
    /// For the exporter's thread: look at the state again.
    wake: Notify,
}

impl Shared {
    pub(super) fn new(buffer_limit_bytes: usize) -> Self {
        Self {
            state: Mutex::new(State::new(buffer_limit_bytes)),
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

    /// Books what a collection came to, besides its lines.
    pub(super) fn note(&self, notes: &Notes) {
        let mut state = self.lock();
        for (reason, points) in &notes.dropped {
            state.health.drop_points(reason, *points);
        }
        for (reason, points) in &notes.altered {
            *state.health.altered_by_reason.entry(reason).or_default() += points;
        }
    }

    /// The keys whose metadata was dropped with a request since the last call.
    pub(super) fn take_lost_metadata(&self) -> Vec<Box<str>> {
        self.lock().queue.take_lost_metadata()
    }

    /// Adds requests, and drops the oldest where there is no room; `false` once stopped.
    pub(super) fn enqueue(&self, bodies: Vec<Body>) -> bool {
        let mut state = self.lock();
        if state.is_stopped() {
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
        state.life = state.life.max(Life::Stopped);
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
        self.lock().life = Life::Exited;
        self.settled.notify_all();
    }

    /// Waits for a request to send; `None` once stopped.
    pub(super) async fn next(&self) -> Option<Batch> {
        self.wait(None, |state| {
            if state.is_stopped() {
                Some(None)
            } else {
                state.begin().map(Some)
            }
        })
        .await
        .flatten()
    }

    /// Runs an attempt; `None` if stopped meanwhile.
    pub(super) async fn unless_stopped<T>(&self, attempt: impl Future<Output = T>) -> Option<T> {
        race(
            attempt,
            self.wait(None, |state| state.is_stopped().then_some(())),
        )
        .await
        .ok()
    }

    /// Waits before the next attempt; `true` if somebody is in a hurry.
    pub(super) async fn pause(&self, pause: Duration) -> bool {
        self.wait(Some(Instant::now() + pause), |state| {
            (state.hurry || state.is_stopped()).then(|| std::mem::take(&mut state.hurry))
        })
        .await
        .unwrap_or(false)
    }

    /// Books what became of the request in flight. Returns how to wait if it is to be sent again.
    pub(super) fn settle(&self, outcome: &Outcome) -> Option<(Pace, Option<Duration>)> {
        let mut state = self.lock();
        if state.is_stopped() {
            return None; // It was booked when stopping.
        }
        state.end(outcome);
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
