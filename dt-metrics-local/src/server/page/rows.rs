//! Refused lines, notes and requests as JSON, for the page and for tests.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::store::{Noted, Rejected, Request};

#[derive(Serialize)]
pub(super) struct RefusedRow {
    number: u64,
    text: String,
    reason: String,
    column: usize,
    line: usize,
    /// The number of its request.
    request: u64,
}

#[derive(Serialize)]
pub(super) struct NoteRow {
    number: u64,
    text: String,
    note: String,
    /// The kind of the note.
    cause: &'static str,
    line: usize,
    /// The number of its request.
    request: u64,
}

#[derive(Serialize)]
pub(super) struct RequestRow {
    number: u64,
    at_ms: u64,
    path: String,
    protocol: String,
    status: u16,
    is_accepted: bool,
    fault: Option<&'static str>,
    message: Option<String>,
    lines: usize,
    refused: usize,
    bytes: u64,
    took_ms: f64,
    user_agent: Option<String>,
}

/// The entries after the first `seen`, newest first, with their numbers, which start at 1.
pub(super) fn numbered<'a, T: 'a>(
    newest: impl Iterator<Item = &'a Arc<T>>,
    total: u64,
    seen: u64,
) -> impl Iterator<Item = (u64, &'a T)> {
    (seen.saturating_add(1)..=total)
        .rev()
        .zip(newest)
        .map(|(number, entry)| (number, &**entry))
}

impl RefusedRow {
    pub(super) fn of(number: u64, rejected: &Rejected) -> Self {
        Self {
            number,
            text: rejected.text.clone(),
            reason: rejected.reason(),
            column: rejected.column(),
            line: rejected.line_number,
            request: rejected.request_number,
        }
    }
}

impl NoteRow {
    pub(super) fn of(number: u64, noted: &Noted) -> Self {
        Self {
            number,
            text: noted.text.clone(),
            note: noted.note.to_string(),
            cause: noted.note.cause(),
            line: noted.line_number,
            request: noted.request_number,
        }
    }
}

impl RequestRow {
    pub(super) fn of(number: u64, request: &Request) -> Self {
        Self {
            number,
            at_ms: milliseconds(request.received_at),
            path: request.path.clone(),
            protocol: request.protocol.to_string(),
            status: request.status,
            is_accepted: request.is_accepted(),
            fault: request.fault,
            message: request.message.clone(),
            lines: request.lines,
            refused: request.refused,
            bytes: request.bytes,
            took_ms: request.took.as_secs_f64() * 1e3,
            user_agent: request.user_agent.clone(),
        }
    }
}

pub(super) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
