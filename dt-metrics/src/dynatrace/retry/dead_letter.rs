//! When dead letters are tried again: lines that keep failing while the endpoint takes others. Unlike
//! the dead letters of a message broker they are still sent: one at a time, with pauses of their own,
//! until they are too old.

use std::time::Duration;

use tokio::time::Instant;

use crate::dynatrace::retry::backoff::{Backoff, Pace};

/// The schedule of all dead letters.
#[derive(Debug)]
pub(crate) struct DeadLetterSchedule {
    backoff: Backoff,
    due: Option<Instant>,
}

impl DeadLetterSchedule {
    pub(crate) fn new() -> Self {
        Self {
            backoff: Backoff::new(),
            due: None,
        }
    }

    /// A dead letter failed, or the first dead letter was found.
    pub(crate) fn failed(&mut self, pace: Pace, after: Option<Duration>) {
        self.due = Some(Instant::now() + self.backoff.next(pace, after));
    }

    /// A dead letter was accepted: the next one may also be accepted.
    pub(crate) fn accepted(&mut self) {
        self.backoff.reset();
        self.due = None;
    }

    /// Somebody waits.
    pub(crate) fn hurry(&mut self) {
        self.due = None;
    }

    /// Whether the next one may be tried now.
    pub(crate) fn is_due(&self) -> bool {
        self.next_due().is_none()
    }

    /// When the next one may be tried, if not now.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.due.filter(|due| *due > Instant::now())
    }
}
