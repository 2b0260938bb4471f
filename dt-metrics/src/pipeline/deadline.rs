//! Deadlines: waiting and working for a limited time.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::dynatrace::ExportError;
use crate::thread::spawn;

/// A point in time, and the wait that led to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    timeout: Duration,
    start: Instant,
}

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Late {
    /// The time is up; the work goes on.
    Timeout(Duration),
    /// There was no thread to work on, or it ended early.
    Thread(io::Error),
}

impl Deadline {
    /// Waits as long as it takes.
    pub(super) fn never() -> Self {
        Self::after(Duration::MAX)
    }

    pub(super) fn after(timeout: Duration) -> Self {
        Self {
            timeout,
            start: Instant::now(),
        }
    }

    /// The middle of the time that is left.
    pub(super) fn half(&self) -> Self {
        Self::after(self.remaining() / 2)
    }

    /// The time that is left.
    pub(super) fn remaining(&self) -> Duration {
        self.timeout.saturating_sub(self.start.elapsed())
    }

    pub(super) fn late(&self) -> Late {
        Late::Timeout(self.timeout)
    }

    /// An error of a part of the work, for which there was less time, as an error of the whole.
    pub(super) fn explain(&self, error: ExportError) -> ExportError {
        match error {
            ExportError::Deadline { last_error, .. } => ExportError::Deadline {
                timeout: self.timeout,
                last_error,
            },
            other => other,
        }
    }

    /// Waits for `receiver` until the deadline. It is an error of its own if nobody will send.
    pub(super) fn recv<T>(&self, receiver: &mpsc::Receiver<T>) -> Result<T, Late> {
        receiver
            .recv_timeout(self.remaining())
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => self.late(),
                RecvTimeoutError::Disconnected => Late::Thread(io::Error::other(
                    "the thread ended before its work was done",
                )),
            })
    }

    /// Runs `work`, which may block for ever, on a thread of its own.
    pub(super) fn run<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Late> {
        let (sender, receiver) = mpsc::channel();
        spawn(name, move || {
            // Nobody receives it any more if the time is up.
            drop(sender.send(work()));
        })
        .map_err(Late::Thread)?;
        self.recv(&receiver)
    }
}
