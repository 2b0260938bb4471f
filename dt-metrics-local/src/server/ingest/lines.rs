//! The bodies of answers.
//!
//! Source: Dynatrace documentation, "POST ingest data points" and "OneAgent metric API".

use serde::Serialize;

use crate::server::http::route::Route;
use crate::server::response::Answer;
use crate::store::{Protocol, Rejected};

/// Invalid lines listed in one answer: a megabyte of them would be answered by many megabytes.
const LISTED: usize = 1_000;

#[derive(Serialize)]
struct Ingest<'a> {
    #[serde(rename = "linesOk", skip_serializing_if = "Option::is_none")]
    ok: Option<usize>,
    /// The OneAgent's name for `linesOk`.
    #[serde(rename = "linesValid", skip_serializing_if = "Option::is_none")]
    valid: Option<usize>,
    #[serde(rename = "linesInvalid")]
    invalid: usize,
    error: Option<IngestError<'a>>,
    warnings: Option<()>,
}

#[derive(Serialize)]
struct IngestError<'a> {
    code: u16,
    message: &'a str,
    #[serde(rename = "invalidLines")]
    invalid_lines: Vec<InvalidLine>,
}

#[derive(Serialize)]
struct InvalidLine {
    line: usize,
    error: String,
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: RefusalError<'a>,
}

#[derive(Serialize)]
struct RefusalError<'a> {
    code: u16,
    message: &'a str,
}

/// The answer to a request whose lines were read: 202, or 400 if some are invalid.
pub(in crate::server) fn judged(route: Route, accepted: usize, rejected: &[Rejected]) -> Answer {
    if rejected.is_empty() {
        return ingest(route, 202, accepted, 0, None);
    }
    let message = match rejected.len() {
        1 => "1 invalid line".to_owned(),
        invalid => format!("{invalid} invalid lines"),
    };
    let error = IngestError {
        code: 400,
        message: &message,
        invalid_lines: rejected
            .iter()
            .take(LISTED)
            .map(|rejected| InvalidLine {
                line: rejected.line_number,
                error: rejected.reason(),
            })
            .collect(),
    };
    ingest(route, 400, accepted, rejected.len(), Some(error))
}

/// A 400 to a body that has no lines to read.
pub(in crate::server) fn unreadable(route: Route, message: &str) -> Answer {
    let error = IngestError {
        code: 400,
        message,
        invalid_lines: Vec::new(),
    };
    ingest(route, 400, 0, 0, Some(error))
}

/// Any other refusal, as JSON.
pub(in crate::server) fn refused(status: u16, message: &str) -> Answer {
    Answer::new(status).body(refusal_body(status, message))
}

/// Any other refusal, in the form of the route.
pub(in crate::server) fn refused_by(route: Route, status: u16, message: &str) -> Answer {
    match route.protocol() {
        Protocol::Lines => refused(status, message),
        #[cfg(feature = "otlp")]
        Protocol::Otlp => super::otlp::refused(status, message),
        #[cfg(not(feature = "otlp"))]
        Protocol::Otlp => refused(status, message),
    }
}

pub(in crate::server) fn refusal_body(status: u16, message: &str) -> String {
    let error = RefusalError {
        code: status,
        message,
    };
    json(&Refusal { error })
}

fn ingest(
    route: Route,
    status: u16,
    accepted: usize,
    invalid: usize,
    error: Option<IngestError<'_>>,
) -> Answer {
    let (ok, valid) = if route == Route::OneAgent {
        (None, Some(accepted))
    } else {
        (Some(accepted), None)
    };
    let body = Ingest {
        ok,
        valid,
        invalid,
        error,
        warnings: None,
    };
    Answer::new(status).body(json(&body))
}

fn json(body: &impl Serialize) -> String {
    // Structs of numbers and strings always serialize.
    serde_json::to_string(body).unwrap_or_default()
}
