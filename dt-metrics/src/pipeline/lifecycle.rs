//! How far the life of a pipeline went.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::deadline::{Deadline, Late};
use super::place::Place;

/// Shared by all who may end it.
#[derive(Debug)]
pub(super) struct Stages {
    stage: Mutex<Stage>,
    ended: Condvar,
}

#[derive(Debug)]
enum Stage {
    Running(Place),
    Ending,
    Ended,
}

impl Stages {
    pub(super) fn new(place: Place) -> Self {
        Self {
            stage: Mutex::new(Stage::Running(place)),
            ended: Condvar::new(),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(*self.lock(), Stage::Running(_))
    }

    /// The right to end it; `None` if it has ended. Where somebody else is at it, waits until it is
    /// done.
    pub(super) fn end(&self, deadline: &Deadline) -> Result<Option<Ending<'_>>, Late> {
        let mut stage = self.lock();
        loop {
            match std::mem::replace(&mut *stage, Stage::Ending) {
                Stage::Running(place) => {
                    return Ok(Some(Ending {
                        stages: self,
                        place: Some(place),
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

/// While it ends; it has ended when this is dropped.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    stages: &'a Stages,
    place: Option<Place>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // The place is free before anybody learns that it is.
        drop(self.place.take());
        *self.stages.lock() = Stage::Ended;
        self.stages.ended.notify_all();
    }
}

#[cfg(test)]
mod tests;
