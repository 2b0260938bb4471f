use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderName, Response, StatusCode};

use super::access::Tokens;
use super::answer;
use super::body::{self, Received};
use super::fault::{Answer, Fault, Faults};
use super::judge::{Judgement, count_lines, judge};
use super::route::Route;
use crate::protocol::{Reader, limits};
use crate::store::{Authorization, Batch, Request, Store};

/// Headers and paths are kept up to this many characters.
const KEPT_CHARACTERS: usize = 256;

/// What the handlers share.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) store: Arc<Store>,
    pub(super) tokens: Tokens,
    pub(super) faults: Faults,
    pub(super) are_timestamps_checked: bool,
}

/// Takes in data points.
pub(super) async fn ingest(
    endpoint: Arc<Endpoint>,
    route: Route,
    request: extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(received) = body::read(body, route.max_bytes()).await else {
        // The client is gone or does not speak HTTP: most likely nobody reads this.
        return respond(answer::unreadable(route, "Request body could not be read"));
    };
    let judgement = match endpoint.faults.take() {
        Some(Fault::Answer(answer)) => Judgement::from(answer),
        Some(Fault::Hold(mut releases)) => {
            // A client that gives up drops this future: a held request counts only once released.
            let _held = endpoint.store.hold();
            // An error says that the server goes down, and this future with it.
            let _ = releases.changed().await;
            endpoint.judge(route, &parts, &received)
        }
        None => endpoint.judge(route, &parts, &received),
    };
    endpoint.finish(route, &parts, &received, judgement)
}

/// Refuses what is not an ingest request.
pub(super) async fn refuse(
    endpoint: Arc<Endpoint>,
    status: u16,
    request: extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let message = match status {
        404 => "Not Found: lines go to /api/v2/metrics/ingest or /metrics/ingest",
        _ => "Method Not Allowed: lines are sent by POST",
    };
    let answer = answer::refused(status, message);
    let Ok(received) = body::read(body, limits::REQUEST_BYTES).await else {
        return respond(answer);
    };
    endpoint.finish(Route::Dynatrace, &parts, &received, answer.into())
}

impl Endpoint {
    fn judge(&self, route: Route, parts: &Parts, received: &Received) -> Judgement {
        let reader = if self.are_timestamps_checked {
            Reader::at(SystemTime::now())
        } else {
            Reader::without_clock()
        };
        let is_token_needed = route == Route::Dynatrace && !self.tokens.is_empty();
        let authorization = self.authorization(route, parts);
        judge(
            route,
            authorization,
            is_token_needed,
            &parts.headers,
            received,
            reader,
        )
    }

    /// Takes the request into the store, then answers it.
    fn finish(
        &self,
        route: Route,
        parts: &Parts,
        received: &Received,
        judgement: Judgement,
    ) -> Response<Body> {
        let request = Request {
            path: parts.uri.path().chars().take(KEPT_CHARACTERS).collect(),
            status: judgement.answer.status(),
            content_type: header(parts, &CONTENT_TYPE),
            user_agent: header(parts, &USER_AGENT),
            authorization: self.authorization(route, parts),
            lines: received.content.as_deref().map_or(0, count_lines),
            bytes: received.bytes,
            received_at: SystemTime::now(),
        };
        self.store.add(Batch {
            accepted: judgement.accepted,
            rejected: judgement.rejected,
            request,
        });
        respond(judgement.answer)
    }

    fn authorization(&self, route: Route, parts: &Parts) -> Authorization {
        match (route, self.tokens.check(&parts.headers)) {
            (Route::OneAgent, Authorization::Absent) => Authorization::Absent,
            (Route::OneAgent, _) => Authorization::Unchecked,
            (Route::Dynatrace, authorization) => authorization,
        }
    }
}

fn header(parts: &Parts, name: &HeaderName) -> Option<String> {
    let value = parts.headers.get(name)?;
    Some(
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(KEPT_CHARACTERS)
            .collect(),
    )
}

fn respond(answer: Answer) -> Response<Body> {
    // Faults are checked when they are planned, and our own answers are valid.
    answer.into_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
