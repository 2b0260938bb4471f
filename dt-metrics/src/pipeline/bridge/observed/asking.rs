//! One collection's questions, and the wait for the answers.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::state::State;
use super::worker;
use crate::instrument::{Answer, Observed};

/// How long functions may wait for their turn before more workers come.
const PATIENCE: Duration = Duration::from_millis(50);

/// Asks functions, and keeps what they said.
pub(in super::super) struct Asking {
    state: Mutex<State>,
    /// There is a task, or an answer, or nothing more to come.
    changed: Condvar,
}

impl Asking {
    pub(super) const fn new() -> Self {
        Self {
            state: Mutex::new(State::new()),
            changed: Condvar::new(),
        }
    }

    /// Asks all `functions`, each once, and waits for them until all have answered, but not
    /// longer than `limit`.
    pub(in super::super) fn ask(&'static self, functions: &[&'static Observed], limit: Duration) {
        if functions.is_empty() {
            return;
        }
        let start = Instant::now();
        let mut patience = PATIENCE;
        let mut state = self.state();
        let round = state.begin(functions);
        self.changed.notify_all();
        let served = state.idle > 0 || worker::spawn(self) || state.running() > 0;
        // Without a thread to work on nothing is to be waited for.
        let limit = if served { limit } else { Duration::ZERO };
        while !state.is_answered(round) && start.elapsed() < limit {
            if start.elapsed() >= patience {
                patience += PATIENCE;
                // Twice as many each time, so that a second is enough for any number.
                let more = state.waiting().min(state.running().max(1));
                for _ in 0..more {
                    worker::spawn(self);
                }
            }
            let until = patience.min(limit);
            let wait = until.saturating_sub(start.elapsed());
            state = self
                .changed
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.end(round);
        if state.waiting() > 0 && state.idle == 0 {
            worker::spawn(self);
        }
        self.changed.notify_all();
    }

    /// What the function said last; none if it never did, or panicked.
    pub(in super::super) fn answer(&self, observed: &'static Observed) -> Option<Answer> {
        self.state().answer(observed)
    }

    /// How often a function has panicked.
    pub(in super::super) fn panics(&self) -> u64 {
        self.state().panics
    }

    /// How often which metric's function has panicked since the last call.
    pub(in super::super) fn take_panics(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.state().untold_panics)
    }

    /// Asks no more, and lets the workers go.
    pub(in super::super) fn close(&self) {
        self.state().close();
        self.changed.notify_all();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change as a worker that has nothing to do.
    pub(super) fn rest<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.idle += 1;
        let mut state = self
            .changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state
    }

    pub(super) fn notify(&self) {
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
