//! The state that all handlers and connections share.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::fault::{Fault, Faults};
use super::http::{Hosts, Tokens};
use crate::store::{Authorization, Batch, Contents, Protocol, Request, Store};

/// The endpoint: its store, its tokens and its planned faults.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) store: Arc<Store>,
    pub(super) tokens: Tokens,
    pub(super) hosts: Hosts,
    /// How long a client may take for the head of a request, and for each pause within its body.
    pub(super) request_timeout: Duration,
    pub(super) faults: Faults,
    pub(super) are_timestamps_checked: bool,
    /// Whether metric keys get the suffixes of Metrics Classic.
    pub(super) is_classic: bool,
}

impl Endpoint {
    /// Stores a request that a fault leaves unread.
    pub(super) fn add_unread(&self, fault: &Fault) {
        self.store.add(Batch {
            contents: Contents::default(),
            request: Request {
                path: String::new(),
                protocol: Protocol::Lines,
                status: 0,
                fault: Some(fault.name()),
                message: None,
                content_type: None,
                user_agent: None,
                authorization: Authorization::Absent,
                lines: 0,
                refused: 0,
                bytes: 0,
                received_at: SystemTime::now(),
                took: Duration::ZERO,
            },
            text: None,
        });
    }
}
