//! Requests that wait to be sent, and those who wait for that.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::super::AmbiguousDelivery;
use super::super::outcome::{Failure, Next, Outcome};
use super::super::retry::Pace;
use super::super::waiting::race;
use super::message::Message;
use super::state::State;
use crate::home::Home;

/// As for lines: what is older would be refused.
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// The lock is held for moments only.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    limit: usize,
    ambiguous: AmbiguousDelivery,
    /// Whether nothing has to be there.
    optional: bool,
    wake: Notify,
    stopping: Notify,
    settled: Condvar,
    home: Home,
}

/// Why a wait ended before everything was settled.
#[derive(Debug)]
pub(super) enum Unsettled {
    Late(Option<String>),
    Refused(String),
    Stopped,
}

impl Shared {
    pub(super) fn new(limit: usize, ambiguous: AmbiguousDelivery, optional: bool) -> Self {
        Self {
            state: Mutex::default(),
            limit,
            ambiguous,
            optional,
            wake: Notify::new(),
            stopping: Notify::new(),
            settled: Condvar::new(),
            home: Home::here(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is a forked child, where nobody sends.
    pub(super) fn is_inherited(&self) -> bool {
        self.home.is_elsewhere()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Data points that were not delivered until now.
    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// Adds one, and drops the oldest where there is no room; `false` once stopped.
    pub(super) fn enqueue(&self, message: Message) -> bool {
        let mut state = self.lock();
        if state.stopped {
            return false;
        }
        state.enqueued += 1;
        state.bytes += message.body.len();
        state.waiting.push_back(message);
        while state.bytes > self.limit
            && let Some(oldest) = state.take()
        {
            state.lose(&oldest, "buffer_full");
        }
        drop(state);
        self.settled.notify_all();
        self.wake.notify_one();
        true
    }

    /// The next one to send; `None` once stopped.
    pub(super) async fn next(&self) -> Option<Message> {
        loop {
            {
                let mut state = self.lock();
                if state.stopped {
                    return None;
                }
                while let Some(message) = state.take() {
                    if message.collected.elapsed() < MAX_AGE {
                        return Some(message);
                    }
                    state.lose(&message, "too_old");
                }
            }
            self.settled.notify_all();
            self.wake.notified().await;
        }
    }

    /// What the work gives, unless there is no time left for it.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let stop = async {
            while !self.is_stopped() {
                self.stopping.notified().await;
            }
        };
        race(work, stop).await.ok()
    }

    /// Books what became of an attempt. Returns how long to pause at the least, if at all.
    pub(super) fn settle(
        &self,
        mut sent: InFlight<'_>,
        outcome: &Outcome,
    ) -> Option<(Pace, Option<Duration>)> {
        let message = sent.message.take()?;
        let mut state = self.lock();
        state.in_flight = 0;
        if let Some(error) = outcome.message() {
            state.last_error = Some(error.to_owned());
        }
        let helpless = match outcome {
            Outcome::Unauthorized { .. } | Outcome::Misdirected { .. } => true,
            Outcome::Failed {
                failure: Failure::Refused { .. },
                ..
            } => self.optional,
            _ => false,
        };
        state.refusal = outcome
            .message()
            .filter(|_| helpless)
            .map(ToOwned::to_owned);
        let pause = match outcome.next(self.ambiguous) {
            Next::Done { invalid } => {
                state.end(&message);
                state.lose_points(invalid, "refused");
                None
            }
            Next::Again => {
                state.put_back(message);
                None
            }
            Next::Retry { pace, after } => {
                state.put_back(message);
                Some((pace, after))
            }
            Next::StepAside { pace, .. } => {
                state.put_back(message);
                Some((pace, None))
            }
            Next::Split => {
                match message.halves() {
                    Some(halves) => state.replace(halves),
                    None => state.lose(&message, "request_too_large"),
                }
                None
            }
            Next::Drop { reason, pause } => {
                state.lose(&message, reason);
                pause.map(|pace| (pace, None))
            }
        };
        drop(state);
        self.settled.notify_all();
        pause
    }

    /// Holds it while it is sent: on a panic, too, it is back in its place.
    pub(super) fn hold(&self, message: Message) -> InFlight<'_> {
        self.lock().in_flight = message.points;
        InFlight {
            shared: self,
            message: Some(message),
        }
    }

    /// Waits, unless somebody is in a hurry; `true` if somebody is.
    pub(super) async fn pause(&self, pause: Duration) -> bool {
        let hurried = async {
            loop {
                {
                    let mut state = self.lock();
                    if state.hurry || state.stopped {
                        state.hurry = false;
                        return;
                    }
                }
                self.wake.notified().await;
            }
        };
        race(hurried, tokio::time::sleep(pause)).await.is_ok()
    }

    /// Attempts at once, if there is a pause.
    pub(super) fn hurry(&self) {
        let mut state = self.lock();
        state.hurry = !state.is_settled();
        drop(state);
        self.wake.notify_one();
    }

    /// What was lost since the last call, by reason, and the latest error.
    pub(super) fn take_unsaid(&self) -> (BTreeMap<&'static str, u64>, Option<String>) {
        let mut state = self.lock();
        (std::mem::take(&mut state.unsaid), state.last_error.clone())
    }

    /// Waits until all that is there now is answered or dropped.
    pub(super) fn wait(&self, timeout: Duration) -> Result<(), Unsettled> {
        // Of the standard library: the other one stands still when a test says so.
        let start = std::time::Instant::now();
        let mut state = self.lock();
        let mark = state.enqueued;
        state.refusal = None;
        drop(state);
        self.hurry();
        let mut state = self.lock();
        while state.settled < mark {
            if state.stopped {
                return Err(Unsettled::Stopped);
            }
            if let Some(refusal) = &state.refusal {
                return Err(Unsettled::Refused(refusal.clone()));
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Unsettled::Late(state.last_error.clone()));
            }
            state = self
                .settled
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(())
    }

    /// The latest error, if data points were lost since there were `before`.
    pub(super) fn loss_since(&self, before: u64) -> Option<String> {
        let state = self.lock();
        (state.lost > before).then(|| {
            state
                .last_error
                .clone()
                .unwrap_or_else(|| "data points were dropped: the buffer is full".into())
        })
    }

    /// Ends all sending. Returns how many data points are lost by that.
    pub(super) fn stop(&self) -> u64 {
        let mut state = self.lock();
        let before = state.lost;
        // Booked by whoever holds it.
        let in_flight = std::mem::take(&mut state.in_flight);
        state.stopped = true;
        while let Some(message) = state.take() {
            state.lose(&message, "shutdown");
        }
        let lost = state.lost - before + in_flight;
        // Said by whoever stops.
        state.unsaid.remove("shutdown");
        drop(state);
        self.wake.notify_one();
        self.stopping.notify_one();
        self.settled.notify_all();
        lost
    }
}

/// One that is being sent.
pub(super) struct InFlight<'a> {
    shared: &'a Shared,
    message: Option<Message>,
}

impl InFlight<'_> {
    pub(super) fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            let mut state = self.shared.lock();
            state.in_flight = 0;
            state.put_back(message);
            drop(state);
            self.shared.settled.notify_all();
        }
    }
}
