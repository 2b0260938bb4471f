//! One request with its lines, each with the reason if it was refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::Response;
use serde::Serialize;

use super::context::Page;
use super::reply;
use super::rows::{RequestRow, numbered};
use crate::store::{Content, MAX_BODIES, Noted, Rejected, State};

/// Maximum number of lines in an answer that are neither refused nor have a note.
const MAX_LINES: usize = 1_000;

/// Maximum length of a line in an answer, in characters.
const MAX_CHARACTERS: usize = 4_096;

/// The answer to `GET /api/requests/7`.
#[derive(Serialize)]
struct OneRequest {
    #[serde(flatten)]
    request: RequestRow,
    /// Whether the store still has the body.
    is_kept: bool,
    /// The size of all bodies that are kept, in bytes, at most.
    kept_bytes: usize,
    /// Empty if the body is not kept. Over OTLP: the equivalent lines of data points.
    content: Vec<BodyLine>,
    /// Further lines, of which none was refused.
    further: usize,
}

#[derive(Serialize)]
struct BodyLine {
    line: usize,
    text: String,
    /// The reason for the refusal.
    reason: Option<String>,
    /// The position of the error.
    column: Option<usize>,
    notes: Vec<String>,
}

/// The request with this number, from 1.
pub(super) async fn one(
    Shared(page): Shared<Arc<Page>>,
    Path(number): Path<String>,
) -> Response<Body> {
    let Ok(number) = number.parse::<u64>() else {
        return reply::bad_request("a request has a number, as in /api/requests/7");
    };
    let look = move || {
        let found = page.store.inspect(|state| OneRequest::of(number, state));
        // Structs of numbers and strings always serialize.
        found.map(|found| serde_json::to_string(&found).unwrap_or_default())
    };
    match tokio::task::spawn_blocking(look).await {
        Ok(Some(json)) => reply::json(json),
        Ok(None) => reply::not_found("the endpoint has no request with this number"),
        Err(_stopping) => reply::not_now(),
    }
}

impl OneRequest {
    fn of(number: u64, state: &State) -> Option<Self> {
        let total = state.totals().requests;
        let all = numbered(state.newest_requests(), total, number.checked_sub(1)?);
        let (_, request) = all.last().filter(|(found, _)| *found == number)?;
        let content = state.content_of(number);
        let judged = Judged::of(number, state);
        let judged = match content {
            Some(Content::Text(text)) => judged.text(&String::from_utf8_lossy(text)),
            Some(Content::Points(lines)) => {
                judged.points(lines.iter().map(|line| line.text.as_str()))
            }
            // The refused lines are kept for longer.
            None => judged.points([].into_iter()),
        };
        Some(Self {
            request: RequestRow::of(number, request),
            is_kept: content.is_some(),
            kept_bytes: MAX_BODIES,
            content: judged.lines,
            further: judged.further,
        })
    }
}

/// The refused lines of a request and its notes, by the numbers of their lines.
struct Judged<'a> {
    rejected: BTreeMap<usize, &'a Rejected>,
    noted: BTreeMap<usize, Vec<&'a Noted>>,
    lines: Vec<BodyLine>,
    further: usize,
}

impl<'a> Judged<'a> {
    fn of(number: u64, state: &'a State) -> Self {
        let rejected = state
            .rejected()
            .rev()
            .skip_while(|rejected| rejected.request_number > number)
            .take_while(|rejected| rejected.request_number == number);
        let mut noted: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let of_request = state
            .notes()
            .rev()
            .skip_while(|noted| noted.request_number > number)
            .take_while(|noted| noted.request_number == number);
        for note in of_request {
            noted.entry(note.line_number).or_default().push(note);
        }
        Self {
            rejected: rejected
                .map(|rejected| (rejected.line_number, rejected))
                .collect(),
            noted,
            lines: Vec::new(),
            further: 0,
        }
    }

    /// The lines of a text, each with its refusal or its notes.
    fn text(mut self, text: &str) -> Self {
        for (index, line) in text.split('\n').enumerate() {
            if !line.is_empty() {
                self.add(index + 1, line);
            }
        }
        self
    }

    /// Accepted data points and the refused ones, which have numbers among all data points.
    fn points<'b>(mut self, mut accepted: impl Iterator<Item = &'b str>) -> Self {
        let mut refused: BTreeSet<usize> = self.rejected.keys().copied().collect();
        for number in 1.. {
            if refused.remove(&number) {
                self.add(number, "");
            } else if let Some(text) = accepted.next() {
                self.add(number, text);
            } else {
                break;
            }
        }
        for number in refused {
            self.add(number, "");
        }
        self
    }

    fn add(&mut self, line: usize, text: &str) {
        let rejected = self.rejected.get(&line);
        let notes = self.noted.get(&line);
        if self.lines.len() >= MAX_LINES && rejected.is_none() && notes.is_none() {
            self.further += 1;
            return;
        }
        let text = match rejected {
            Some(rejected) if text.is_empty() => &rejected.text,
            _ => text,
        };
        self.lines.push(BodyLine {
            line,
            text: text.chars().take(MAX_CHARACTERS).collect(),
            reason: rejected.map(|rejected| rejected.reason()),
            column: rejected.map(|rejected| rejected.column()),
            notes: notes
                .into_iter()
                .flatten()
                .map(|noted| noted.note.to_string())
                .collect(),
        });
    }
}
