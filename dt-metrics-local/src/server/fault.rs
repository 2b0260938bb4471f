use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::sync::watch;

use super::answer;

/// An answer to give in place of the honest one.
///
/// A status alone is enough wherever an answer is asked for.
///
/// ```
/// use dt_metrics_local::{Answer, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::builder().start()?;
/// server.answer_next(503, 2)?;
/// server.answer_next(Answer::new(429).header("Retry-After", "1"), 1)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Answer {
    /// An answer with this status; if it is an error, with a body that repeats it.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Replaces the body. Its content type is `application/json` unless a header says otherwise.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn into_response(self) -> Result<Response<Body>, FaultError> {
        let status = StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| !status.is_informational())
            .ok_or(FaultError::Status(self.status))?;
        let body = self.body.unwrap_or_else(|| default_body(status));
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
        for (name, value) in self.headers {
            let header = HeaderName::try_from(&name)
                .ok()
                .zip(HeaderValue::try_from(value).ok());
            let Some((name, value)) = header else {
                return Err(FaultError::Header(name));
            };
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

/// Errors repeat their status as Dynatrace's do; other answers are empty.
fn default_body(status: StatusCode) -> String {
    if status.is_client_error() || status.is_server_error() {
        answer::refusal_body(
            status.as_u16(),
            status.canonical_reason().unwrap_or("Fault"),
        )
    } else {
        String::new()
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::new(status)
    }
}

/// A fault that no HTTP answer can show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// Not a status that ends a request.
    #[error("{0} is not a final HTTP status (200 to 999)")]
    Status(u16),
    /// A header whose name or value HTTP does not allow.
    #[error("header {0:?} has a name or value that HTTP does not allow")]
    Header(String),
}

/// What to do with a request instead of judging it.
pub(super) enum Fault {
    /// Answer this; its lines are not looked at.
    Answer(Answer),
    /// Say nothing until released, then go on as usual.
    Hold(watch::Receiver<()>),
}

#[derive(Debug, Clone)]
enum Planned {
    Answer(Answer),
    Hold,
}

/// The faults that are yet to come, each with the number of requests it is for.
#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: Mutex<VecDeque<(Planned, usize)>>,
    releases: watch::Sender<()>,
}

impl Faults {
    pub(super) fn answer_next(&self, answer: Answer, requests: usize) -> Result<(), FaultError> {
        answer.clone().into_response()?;
        self.plan(Planned::Answer(answer), requests);
        Ok(())
    }

    pub(super) fn hold_next(&self, requests: usize) {
        self.plan(Planned::Hold, requests);
    }

    /// Lets go of all held requests, and plans no more to be held.
    pub(super) fn release(&self) {
        let mut planned = self.planned();
        planned.retain(|(fault, _)| !matches!(fault, Planned::Hold));
        self.releases.send_replace(());
    }

    /// The fault for the request at hand.
    pub(super) fn take(&self) -> Option<Fault> {
        let mut planned = self.planned();
        let (fault, requests) = planned.front_mut()?;
        let fault = match fault {
            Planned::Answer(answer) => Fault::Answer(answer.clone()),
            // Subscribed under the lock, so that no release falls between.
            Planned::Hold => Fault::Hold(self.releases.subscribe()),
        };
        *requests -= 1;
        if *requests == 0 {
            planned.pop_front();
        }
        Some(fault)
    }

    fn plan(&self, fault: Planned, requests: usize) {
        if requests > 0 {
            self.planned().push_back((fault, requests));
        }
    }

    fn planned(&self) -> MutexGuard<'_, VecDeque<(Planned, usize)>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
