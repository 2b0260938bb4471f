use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::protocol::{Line, LineError, Metadata};

/// How much of a refused line is kept, in bytes.
const KEPT_TEXT: usize = 4_096;

/// A refused line, or a refused data point of OTLP.
///
/// Its [`Display`](fmt::Display) names line and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The line; the first 4,096 bytes if it is longer. A data point of OTLP is described in its
    /// place: name and attributes as they came, then what it is.
    pub text: String,
    /// What is wrong, and where.
    pub error: LineError,
    /// Its place among the lines or data points of the request, from 1.
    pub line_number: usize,
}

impl Rejected {
    pub(crate) fn new(text: &str, error: LineError, line_number: usize) -> Self {
        let end = (0..=KEPT_TEXT.min(text.len()))
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or_default();
        Self {
            text: text.get(..end).unwrap_or_default().to_owned(),
            error,
            line_number,
        }
    }

    /// Why it was refused, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        self.error.to_string()
    }

    /// Where it is wrong: character in the line, from 1.
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

/// A request to one of the ingest paths, or to a path that does not exist.
///
/// The token that came with it is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The path; empty if the request was not read.
    pub path: String,
    /// What its path is for; lines if it is for nothing.
    pub protocol: Protocol,
    /// The status that was answered, or was meant to be; 0 if no answer is given.
    pub status: u16,
    /// The [name](crate::Fault::name) of the fault that it met, if any.
    pub fault: Option<&'static str>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// What the `Authorization` header was worth.
    pub authorization: Authorization,
    /// Lines in the body that are not empty, or OTLP data points, accepted or not.
    pub lines: usize,
    /// How many of them were refused one by one.
    pub refused: usize,
    /// Size of the body in bytes, as it came.
    pub bytes: u64,
    /// When its body had arrived.
    pub received_at: SystemTime,
    /// How long it took from its head to its judgement; the way of the answer is not in it.
    pub took: Duration,
}

impl Request {
    /// True if the answer says that everything in it was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        match self.protocol {
            Protocol::Lines => self.status == 202,
            Protocol::Otlp => self.status == 200 && self.refused == 0,
        }
    }
}

/// In which form metrics came. Its [`Display`](fmt::Display) is `lines` or `OTLP`.
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

/// What the `Authorization` header of a request was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authorization {
    /// There was none.
    Absent,
    /// There was one, and nothing to check it against: no token is configured, or the path is the
    /// OneAgent's or the Collector's.
    Unchecked,
    /// The configured token.
    Accepted,
    /// A configured token that lacks the scope `metrics.ingest`.
    WithoutScope,
    /// Something else.
    Refused,
}

/// Something that reached the endpoint, as subscribers see it.
///
/// The lines of a request come before the request itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A data point was accepted.
    Line(Arc<Line>),
    /// A metadata line was accepted.
    Metadata(Arc<Metadata>),
    /// A line was refused.
    Rejected(Arc<Rejected>),
    /// A request is about to be answered, or to be left without an answer.
    Request(Arc<Request>),
}
