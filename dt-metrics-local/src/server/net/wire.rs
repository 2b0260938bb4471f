//! The agreement between a connection and the handler of its current request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{ConnectInfo, Request};

use super::endless::Endless;
use crate::server::fault::Fault;

/// The state that a connection shares with the handler of its current request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<Exchange>>);

#[derive(Debug, Default)]
struct Exchange {
    is_in_request: bool,
    /// The head of the request has been read.
    has_head: bool,
    /// The fault chosen when the request began.
    begun_with: Option<Fault>,
    writing: Writing,
}

/// How the response is written.
#[derive(Debug, Clone, Default)]
pub(crate) enum Writing {
    /// Unchanged.
    #[default]
    Plain,
    Slow {
        bytes_per_second: u32,
    },
    /// Replaced by a response without end.
    Endless(Endless),
    /// Replaced by a reset of the connection.
    Reset,
}

impl Wire {
    /// The wire of the connection that a request came from. A request without such a connection gets
    /// a wire of its own.
    pub(crate) fn of(request: &Request) -> Self {
        let info = request.extensions().get::<ConnectInfo<Self>>();
        info.map(|ConnectInfo(wire)| wire.clone())
            .unwrap_or_default()
    }

    /// The head of the request was read.
    pub(crate) fn end_head(&self) {
        self.lock().has_head = true;
    }

    /// Whether a request has begun whose head is not complete.
    pub(super) fn is_in_head(&self) -> bool {
        let exchange = self.lock();
        exchange.is_in_request && !exchange.has_head
    }

    /// Begins a request; `false` if it began already.
    pub(super) fn begin(&self) -> bool {
        let mut exchange = self.lock();
        let begins = !exchange.is_in_request;
        if begins {
            *exchange = Exchange {
                is_in_request: true,
                ..Exchange::default()
            };
        }
        begins
    }

    pub(super) fn is_in_request(&self) -> bool {
        self.lock().is_in_request
    }

    /// Keeps the fault that was chosen before reading for the handler.
    pub(super) fn begin_with(&self, fault: Fault) {
        self.lock().begun_with = Some(fault);
    }

    /// The fault chosen when the request began, once.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        self.lock().begun_with.take()
    }

    /// Sets how the response is written, until the next request.
    pub(crate) fn write(&self, writing: Writing) {
        self.lock().writing = writing;
    }

    pub(super) fn writing(&self) -> Writing {
        self.lock().writing.clone()
    }

    /// Ends the request: the next byte received begins another one.
    pub(crate) fn end(&self) {
        self.lock().is_in_request = false;
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
