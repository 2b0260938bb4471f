use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;

use super::endless::Endless;
use super::listener::FaultyListener;
use crate::server::fault::Fault;

/// What a connection and the handler of its request tell each other.
#[derive(Debug, Clone, Default)]
pub(in crate::server) struct Wire(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_in_request: bool,
    /// The fault that was decided on when the request began.
    begun_with: Option<Fault>,
    writing: Writing,
}

/// How the answer is written.
#[derive(Debug, Clone, Default)]
pub(in crate::server) enum Writing {
    /// As it comes.
    #[default]
    Plain,
    Slow {
        bytes_per_second: u32,
    },
    /// This in its place.
    Endless(Endless),
    /// A reset in its place.
    Reset,
}

impl Wire {
    /// A request begins; `false` if it began already.
    pub(in crate::server) fn begin(&self) -> bool {
        let mut state = self.lock();
        let begins = !state.is_in_request;
        if begins {
            *state = State {
                is_in_request: true,
                ..State::default()
            };
        }
        begins
    }

    pub(in crate::server) fn is_in_request(&self) -> bool {
        self.lock().is_in_request
    }

    pub(in crate::server) fn begin_with(&self, fault: Fault) {
        self.lock().begun_with = Some(fault);
    }

    /// The fault that was decided on when the request began.
    pub(in crate::server) fn take_fault(&self) -> Option<Fault> {
        self.lock().begun_with.take()
    }

    /// How what follows is written, until the next request.
    pub(in crate::server) fn write(&self, writing: Writing) {
        self.lock().writing = writing;
    }

    pub(in crate::server) fn writing(&self) -> Writing {
        self.lock().writing.clone()
    }

    /// The request is over: what comes now is the next one.
    pub(in crate::server) fn end(&self) {
        self.lock().is_in_request = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, FaultyListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().wire()
    }
}
