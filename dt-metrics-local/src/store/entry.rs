//! Received items as the store keeps them: refused lines, requests and events.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::protocol::{Line, LineError, Metadata, Note};

/// Maximum length of the kept text of a refused line, in bytes.
const KEPT_TEXT: usize = 4_096;

/// A refused line or OTLP data point.
///
/// Its [`Display`](fmt::Display) is the line number and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The line, cut after 4,096 bytes. For an OTLP data point: its name and attributes as received,
    /// and its type.
    pub text: String,
    /// The error and its position.
    pub error: LineError,
    /// Its number among the lines or data points of the request, from 1.
    pub line_number: usize,
    /// The number of its request among all requests, from 1.
    pub request_number: u64,
}

impl Rejected {
    pub(crate) fn new(text: &str, error: LineError, line_number: usize) -> Self {
        Self {
            text: kept(text).to_owned(),
            error,
            line_number,
            request_number: 0,
        }
    }

    /// Returns the reason for the refusal, as text.
    #[must_use]
    pub fn reason(&self) -> String {
        self.error.to_string()
    }

    /// Returns the position of the error: the number of the character in the line, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.error.column()
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line_number, self.error)
    }
}

/// A note about an accepted line or OTLP data point: a part of it that is not stored as sent.
///
/// Its [`Display`](fmt::Display) is the line number and the note.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Noted {
    /// The line, cut after 4,096 bytes; the equivalent line of an OTLP data point.
    pub text: String,
    /// The note.
    pub note: Note,
    /// Its number among the lines or data points of the request, from 1.
    pub line_number: usize,
    /// The number of its request among all requests, from 1.
    pub request_number: u64,
}

impl Noted {
    pub(crate) fn new(text: &str, note: Note, line_number: usize) -> Self {
        Self {
            text: kept(text).to_owned(),
            note,
            line_number,
            request_number: 0,
        }
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line_number, self.note)
    }
}

/// The beginning of a text, as far as it is kept.
fn kept(text: &str) -> &str {
    let end = (0..=KEPT_TEXT.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// A request to one of the ingest paths, or to a path that does not exist.
///
/// Its token is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The path; empty if the request was not read.
    pub path: String,
    /// The protocol of the path; [`Lines`](Protocol::Lines) for a path that does not exist.
    pub protocol: Protocol,
    /// The status of the response, even if the client did not receive it; 0 if there is no response.
    pub status: u16,
    /// The [name](crate::Fault::name) of the fault applied to the request, if any.
    pub fault: Option<&'static str>,
    /// The reason why the endpoint refused the request as a whole; `None` if the endpoint judged lines or data
    /// points individually, or if a fault determined the response.
    pub message: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The result of the token check.
    pub authorization: Authorization,
    /// The number of non-empty lines or OTLP data points in the body, accepted or not.
    pub lines: usize,
    /// The number of lines or data points that were refused individually.
    pub refused: usize,
    /// The size of the body in bytes as received, before decompression.
    pub bytes: u64,
    /// The time at which the body was completely read.
    pub received_at: SystemTime,
    /// The time from the head of the request to its judgement, without sending the response.
    pub took: Duration,
}

impl Request {
    /// Returns `true` if the response reports that everything in the request was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        match self.protocol {
            Protocol::Lines => self.status == 202,
            Protocol::Otlp => self.status == 200 && self.refused == 0,
        }
    }
}

/// The protocol of a request. Its [`Display`](fmt::Display) is `lines` or `OTLP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// The metric line protocol.
    Lines,
    /// The OpenTelemetry protocol.
    Otlp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lines => "lines",
            Self::Otlp => "OTLP",
        })
    }
}

/// The result of checking the `Authorization` header of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authorization {
    /// The request had no `Authorization` header.
    Absent,
    /// The header was not checked: no token is configured, or the path is the OneAgent's or the
    /// Collector's.
    Unchecked,
    /// A configured token.
    Accepted,
    /// A configured token that lacks the scope `metrics.ingest`.
    WithoutScope,
    /// An unknown token or another scheme.
    Refused,
}

/// An event for subscribers of [`Server::subscribe`](crate::Server::subscribe).
///
/// The lines of a request precede the request itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A data point was accepted.
    Line(Arc<Line>),
    /// A metadata line was accepted.
    Metadata(Arc<Metadata>),
    /// A part of an accepted line is not stored as sent.
    Noted(Arc<Noted>),
    /// A line was refused.
    Rejected(Arc<Rejected>),
    /// A request was judged; its response, if any, follows.
    Request(Arc<Request>),
}
