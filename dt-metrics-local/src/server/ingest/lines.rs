//! Requests of metric lines over HTTP, and their answers.
//!
//! Source: Dynatrace documentation, "POST ingest data points" and "OneAgent metric API".

use std::str;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::Serialize;

use super::judgement::{Judgement, Rules};
use crate::protocol::{LineError, Note};
use crate::server::http::{Received, Route};
use crate::server::response::Answer;
use crate::store::{Contents, Noted, Rejected};

/// Maximum number of invalid lines listed in an answer: for a megabyte of them, the answer would
/// have many megabytes.
const MAX_LISTED: usize = 1_000;

/// The body of an answer.
#[derive(Serialize)]
struct IngestBody<'a> {
    #[serde(rename = "linesOk", skip_serializing_if = "Option::is_none")]
    ok: Option<usize>,
    /// `linesOk` under the OneAgent's name.
    #[serde(rename = "linesValid", skip_serializing_if = "Option::is_none")]
    valid: Option<usize>,
    #[serde(rename = "linesInvalid")]
    invalid: usize,
    error: Option<IngestError<'a>>,
    warnings: Option<Warnings>,
}

#[derive(Serialize)]
struct Warnings {
    message: String,
    #[serde(rename = "warningLines")]
    warning_lines: Vec<WarningLine>,
}

#[derive(Serialize)]
struct WarningLine {
    line: usize,
    warning: String,
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

/// Judges a request whose token is accepted: content type, size, then each line on its own.
pub(super) fn judge(
    route: Route,
    headers: &HeaderMap,
    received: &Received,
    rules: &Rules,
) -> Judgement {
    if !is_plain_text(headers) {
        let message = "Content-Type must be text/plain; charset=utf-8, without Content-Encoding";
        return Answer::refusal(415, message).into();
    }
    let Ok(content) = &received.content else {
        return Answer::refusal(413, "Request body is too large, the limit is 1 MB").into();
    };
    if count(content) > route.max_lines() {
        return Answer::refusal(413, "Request has more than 1000 lines").into();
    }
    let Ok(content) = str::from_utf8(content) else {
        return unreadable(route, "Request body is not UTF-8").into();
    };
    judge_lines(route, content, rules)
}

fn judge_lines(route: Route, content: &str, rules: &Rules) -> Judgement {
    let mut accepted = Vec::new();
    let mut rejected = Vec::new();
    let mut noted = Vec::new();
    let mut to_refuse = rules.refused_on_demand;
    for (index, text) in content.split('\n').enumerate() {
        if text.is_empty() {
            continue;
        }
        match rules.reader.read(text) {
            Ok(_) if to_refuse > 0 => {
                to_refuse -= 1;
                rejected.push(Rejected::new(text, LineError::on_demand(), index + 1));
            }
            Ok(mut record) => {
                let changed = rules.is_classic.then(|| record.suffix_key()).flatten();
                let all = record.notes().iter().cloned().chain(changed);
                noted.extend(all.map(|note| Noted::new(text, note, index + 1)));
                accepted.push(record);
            }
            Err(error) => rejected.push(Rejected::new(text, error, index + 1)),
        }
    }
    if accepted.is_empty() && rejected.is_empty() {
        return unreadable(route, "Request body is empty").into();
    }
    Judgement {
        answer: judged(route, accepted.len(), &rejected, &noted),
        contents: Contents::from_lines(accepted, rejected, noted),
    }
}

/// The number of lines that are not empty.
pub(super) fn count(content: &[u8]) -> usize {
    content
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .count()
}

fn is_plain_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let Some(header) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut parts = header.split(';').map(str::trim);
    let is_text = parts
        .next()
        .is_some_and(|media_type| media_type.eq_ignore_ascii_case("text/plain"));
    is_text
        && parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .all(|(_, charset)| {
                charset
                    .trim()
                    .trim_matches('"')
                    .eq_ignore_ascii_case("utf-8")
            })
}

/// The answer to a request whose lines were read: 202, or 400 if any line is invalid.
fn judged(route: Route, accepted: usize, rejected: &[Rejected], noted: &[Noted]) -> Answer {
    let warnings = warnings(noted);
    if rejected.is_empty() {
        return answer(route, 202, accepted, 0, None, warnings);
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
            .take(MAX_LISTED)
            .map(|rejected| InvalidLine {
                line: rejected.line_number,
                error: rejected.reason(),
            })
            .collect(),
    };
    let invalid = rejected.len();
    answer(route, 400, accepted, invalid, Some(error), warnings)
}

/// The warnings that Metrics Classic documents: the metric keys that it changed.
fn warnings(noted: &[Noted]) -> Option<Warnings> {
    let changed = noted
        .iter()
        .filter(|noted| matches!(noted.note, Note::KeyChanged { .. }));
    let message = match changed.clone().count() {
        0 => return None,
        1 => "1 metric key was changed".to_owned(),
        number => format!("{number} metric keys were changed"),
    };
    let warning_lines = changed.take(MAX_LISTED).map(|noted| WarningLine {
        line: noted.line_number,
        warning: noted.note.to_string(),
    });
    Some(Warnings {
        message,
        warning_lines: warning_lines.collect(),
    })
}

/// The answer to a body without readable lines: 400.
fn unreadable(route: Route, message: &str) -> Answer {
    let error = IngestError {
        code: 400,
        message,
        invalid_lines: Vec::new(),
    };
    answer(route, 400, 0, 0, Some(error), None).because(message)
}

/// The answer in the format of the route.
fn answer(
    route: Route,
    status: u16,
    accepted: usize,
    invalid: usize,
    error: Option<IngestError<'_>>,
    warnings: Option<Warnings>,
) -> Answer {
    let (ok, valid) = if route == Route::OneAgent {
        (None, Some(accepted))
    } else {
        (Some(accepted), None)
    };
    let body = IngestBody {
        ok,
        valid,
        invalid,
        error,
        warnings,
    };
    // Structs of numbers and strings always serialize.
    Answer::new(status).body(serde_json::to_string(&body).unwrap_or_default())
}
