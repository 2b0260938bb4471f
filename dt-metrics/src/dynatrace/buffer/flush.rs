//! Waiting for deliveries, with a deadline that holds whatever the server does.

use crate::dynatrace::buffer::Shared;
use crate::dynatrace::buffer::state::{Life, RefusalKind};
use crate::dynatrace::error::ExportError;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long to wait where nobody listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Patience {
    /// As long as anywhere.
    Full,
    /// Not at all: one refused connection is enough.
    IfSomebodyListens,
}

/// A moment, by what had been sent then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// How many attempts were begun, and how many of them ended.
    begun: u64,
    ended: u64,
}

/// Waits until everything queued before this call is settled. What was refused since `mark` is an
/// error.
pub(crate) fn flush(
    shared: &Shared,
    mark: Mark,
    timeout: Duration,
    patience: Patience,
) -> Result<(), ExportError> {
    // A time too long for the clock is no deadline.
    let deadline = Instant::now().checked_add(timeout);
    let mut state = shared.lock();
    let target = state.queue.last_sequence();
    let Mark { begun, ended } = mark;
    if state.is_stopped() {
        return Err(ExportError::ShutDown);
    }
    if !state.queue.is_settled(target) {
        shared.hurry(&mut state);
    }
    loop {
        let settled = state.queue.is_settled(target);
        if let Some(refusal) = &state.refusal {
            let reason = || refusal.reason.clone();
            match refusal.kind {
                // An attempt from before the call says nothing about what was fixed since.
                RefusalKind::Kept if !settled && refusal.attempt > begun => {
                    return Err(ExportError::Refused { reason: reason() });
                }
                RefusalKind::NobodyThere
                    if !settled
                        && refusal.attempt > begun
                        && patience == Patience::IfSomebodyListens =>
                {
                    return Err(ExportError::NoEndpoint { reason: reason() });
                }
                // The others may yet be delivered: say so at the end.
                RefusalKind::Dropped if settled && refusal.attempt > ended => {
                    return Err(ExportError::Refused { reason: reason() });
                }
                _ => {}
            }
        }
        if state.is_stopped() {
            return Err(ExportError::ShutDown);
        }
        if settled {
            return Ok(());
        }
        state = match remaining(deadline) {
            None => shared
                .settled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(left) if left.is_zero() => {
                let last_error = state.health.last_error.clone();
                return Err(ExportError::Deadline {
                    timeout,
                    last_error,
                });
            }
            Some(left) => {
                shared
                    .settled
                    .wait_timeout(state, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
    }
}

impl Shared {
    pub(crate) fn mark(&self) -> Mark {
        let state = self.lock();
        Mark {
            begun: state.begun,
            ended: state.ended,
        }
    }

    /// Waits until the exporter's threads are gone, so that nothing of it runs on; they leave as
    /// soon as they are told to and the disk has what it should have.
    pub(crate) fn wait_for_exit(&self, deadline: Option<Instant>) {
        let mut state = self.lock();
        while state.life != Life::Exited || state.queue.has_disk() {
            state = match remaining(deadline) {
                None => self
                    .settled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return,
                Some(left) => {
                    self.settled
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }
}

/// What is left of the time; `None` if there is no deadline.
fn remaining(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}
