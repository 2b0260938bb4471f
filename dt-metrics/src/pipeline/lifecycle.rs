//! The life of a pipeline: one at a time in a process, running until somebody ends it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::deadline::{Deadline, Late};
use super::error::Error;
use crate::process::{Claim, Process};

/// The process in which a pipeline is installed. A forked child may install its own.
static INSTALLED: Claim = Claim::none();

/// The right to be the installed pipeline; given back when dropped.
#[derive(Debug)]
pub(super) struct Installed {
    process: Process,
}

impl Installed {
    pub(super) fn claim() -> Result<Self, Error> {
        let process = Process::current();
        if INSTALLED.take() == Some(process) {
            return Err(Error::AlreadyInstalled);
        }
        Ok(Self { process })
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        // In a forked child another pipeline may be installed by now, and then it stays.
        INSTALLED.release(self.process);
    }
}

/// The stage of a pipeline's life, shared by everyone who may end it.
#[derive(Debug)]
pub(super) struct Lifecycle {
    stage: Mutex<Stage>,
    ended: Condvar,
}

#[derive(Debug)]
enum Stage {
    Running(Installed),
    Ending,
    Ended,
}

impl Lifecycle {
    pub(super) fn new(installed: Installed) -> Self {
        Self {
            stage: Mutex::new(Stage::Running(installed)),
            ended: Condvar::new(),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(*self.lock(), Stage::Running(_))
    }

    /// The right to end the pipeline; `None` if it has ended. If another thread is ending it, waits
    /// until that is done.
    pub(super) fn end(&self, deadline: &Deadline) -> Result<Option<Ending<'_>>, Late> {
        let mut stage = self.lock();
        loop {
            match std::mem::replace(&mut *stage, Stage::Ending) {
                Stage::Running(installed) => {
                    return Ok(Some(Ending {
                        lifecycle: self,
                        installed: Some(installed),
                    }));
                }
                Stage::Ended => {
                    *stage = Stage::Ended;
                    return Ok(None);
                }
                Stage::Ending => {}
            }
            let remaining = deadline.remaining();
            if remaining.is_zero() {
                return Err(deadline.late());
            }
            stage = self
                .ended
                .wait_timeout(stage, remaining)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held while the pipeline ends; it has ended when this is dropped.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    lifecycle: &'a Lifecycle,
    installed: Option<Installed>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // Another pipeline can be installed before anyone learns that this one has ended.
        drop(self.installed.take());
        *self.lifecycle.lock() = Stage::Ended;
        self.lifecycle.ended.notify_all();
    }
}

#[cfg(test)]
mod tests;
