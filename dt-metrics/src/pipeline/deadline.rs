//! Deadlines: waiting and working for a limited time.

use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};

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
    /// No thread to work on.
    Thread(io::Error),
}

impl Deadline {
    pub(super) fn after(timeout: Duration) -> Self {
        Self {
            timeout,
            start: Instant::now(),
        }
    }

    /// The time that is left.
    pub(super) fn remaining(&self) -> Duration {
        self.timeout.saturating_sub(self.start.elapsed())
    }

    pub(super) fn late(&self) -> Late {
        Late::Timeout(self.timeout)
    }

    /// Waits for `receiver` until the deadline.
    pub(super) fn recv<T>(&self, receiver: &mpsc::Receiver<T>) -> Result<T, Late> {
        receiver
            .recv_timeout(self.remaining())
            .map_err(|_| self.late())
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
