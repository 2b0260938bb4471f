//! Collections that concurrent flushes share: whoever comes while one runs waits for the next one.

use std::mem;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use super::deadline::Late;
use crate::thread::spawn;

/// The flushes that wait for a collection.
#[derive(Clone, Debug, Default)]
pub(super) struct Passes(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_running: bool,
    /// Callers that came after the collection that runs began.
    waiting: Vec<Sender<OTelSdkResult>>,
}

impl Passes {
    /// Runs `collect` on a thread of its own, or waits for a run of another caller that begins after
    /// this call. The result is that of the collection.
    pub(super) fn begin(
        &self,
        collect: impl Fn() -> OTelSdkResult + Send + 'static,
    ) -> Result<Receiver<OTelSdkResult>, Late> {
        let (sender, result) = mpsc::channel();
        let is_first = {
            let mut state = self.lock();
            state.waiting.push(sender);
            !mem::replace(&mut state.is_running, true)
        };
        if is_first {
            let running = Running {
                passes: self.clone(),
                is_over: false,
            };
            spawn("dt-metrics-collect", move || running.run(collect)).map_err(Late::Thread)?;
        }
        Ok(result)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to collect. If it is dropped early, by a panic or since no thread could be started,
/// nobody goes on waiting, and the next caller starts again.
struct Running {
    passes: Passes,
    is_over: bool,
}

impl Running {
    fn run(mut self, collect: impl Fn() -> OTelSdkResult) {
        while let Some(waiting) = self.next() {
            let result = collect();
            for caller in waiting {
                // Nobody receives it any more if the caller's time was up.
                drop(caller.send(copy(&result)));
            }
        }
    }

    /// The callers that the next collection serves; `None` if there are none.
    fn next(&mut self) -> Option<Vec<Sender<OTelSdkResult>>> {
        let mut state = self.passes.lock();
        let waiting = mem::take(&mut state.waiting);
        // Whoever comes from now on starts a thread.
        state.is_running = !waiting.is_empty();
        self.is_over = waiting.is_empty();
        (!self.is_over).then_some(waiting)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_over {
            *self.passes.lock() = State::default();
        }
    }
}

/// The SDK's errors cannot be cloned.
fn copy(result: &OTelSdkResult) -> OTelSdkResult {
    match result {
        Ok(()) => Ok(()),
        Err(OTelSdkError::AlreadyShutdown) => Err(OTelSdkError::AlreadyShutdown),
        Err(OTelSdkError::Timeout(after)) => Err(OTelSdkError::Timeout(*after)),
        Err(OTelSdkError::InternalFailure(reason)) => {
            Err(OTelSdkError::InternalFailure(reason.clone()))
        }
    }
}

#[cfg(test)]
mod tests;
