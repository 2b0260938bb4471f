//! The commands that wait for the bridge's thread. Unlike a channel, the thread also wakes up when a
//! thread without any lock unparks it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// The capacity. The memory is allocated beforehand, since threads that record must not allocate.
/// There are never more than a few commands.
const CAPACITY: usize = 64;

/// Commands of type `C` for one thread.
pub(super) struct Mailbox<C>(Arc<Shared<C>>);

struct Shared<C> {
    state: Mutex<State<C>>,
    /// Set before the thread first looks for commands.
    thread: OnceLock<Thread>,
}

struct State<C> {
    commands: VecDeque<C>,
    is_closed: bool,
}

/// Why a command was not accepted.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Refused<C> {
    /// The thread has ended.
    Closed,
    Full(C),
}

impl<C> Clone for Mailbox<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Mailbox<C> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                commands: VecDeque::with_capacity(CAPACITY),
                is_closed: false,
            }),
            thread: OnceLock::new(),
        }))
    }

    /// Sends a command, without an allocation.
    pub(super) fn send(&self, command: C) -> Result<(), Refused<C>> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Refused::Closed);
        }
        if state.commands.len() >= CAPACITY {
            return Err(Refused::Full(command));
        }
        state.commands.push_back(command);
        drop(state);
        if let Some(thread) = self.0.thread.get() {
            thread.unpark();
        }
        Ok(())
    }

    /// Opens it on the thread for which the commands are.
    pub(super) fn open(self) -> Opened<C> {
        // Fails if it was opened before, on the same thread.
        drop(self.0.thread.set(thread::current()));
        Opened(self)
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's side. When it is dropped, the commands that wait are dropped, and no others accepted.
pub(super) struct Opened<C>(Mailbox<C>);

impl<C> Opened<C> {
    /// The next command, if one waits.
    pub(super) fn next(&self) -> Option<C> {
        self.0.state().commands.pop_front()
    }

    /// Waits until a command may have come, or the thread was woken, and `limit` at most.
    pub(super) fn wait(&self, limit: Option<Duration>) {
        if !self.0.state().commands.is_empty() {
            return;
        }
        match limit {
            // An `unpark` since the last look ends it at once.
            Some(limit) => thread::park_timeout(limit),
            None => thread::park(),
        }
    }
}

impl<C> Drop for Opened<C> {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.0.state();
            state.is_closed = true;
            std::mem::take(&mut state.commands)
        };
        drop(waiting);
    }
}

#[cfg(test)]
mod tests;
