//! The handlers of ingest requests, and of all other requests.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};

use super::arrived::Arrived;
use super::judge::refusal;
use crate::protocol::limits;
use crate::server::endpoint::Endpoint;
#[cfg(feature = "otlp")]
use crate::server::http::decompress;
use crate::server::http::{BodyError, Route, read_body};
use crate::server::net::Wire;
use crate::server::response::Answer;
#[cfg(feature = "otlp")]
use crate::store::Protocol;

/// Receives lines or data points.
pub(crate) async fn receive(
    endpoint: Arc<Endpoint>,
    route: Route,
    request: Request,
) -> Response<Body> {
    let begun = Instant::now();
    let wire = Wire::of(&request);
    let (parts, body) = request.into_parts();
    let begun_with = wire.take_fault();
    let received = match read_body(body, route.max_bytes(), endpoint.request_timeout).await {
        Ok(received) => received,
        Err(BodyError::Late) => {
            let message = "The rest of the request body did not arrive in time";
            return respond(refusal(route, 408, message));
        }
        // The client has disconnected or does not speak HTTP, so it hardly reads this answer.
        Err(BodyError::Broken) => {
            return respond(refusal(route, 400, "Request body could not be read"));
        }
    };
    #[cfg(feature = "otlp")]
    let received = match route.protocol() {
        Protocol::Otlp => decompress(received, &parts.headers, route.max_bytes()),
        Protocol::Lines => received,
    };
    let content = received.content.as_deref().unwrap_or_default();
    let taken = endpoint.faults.take(content, begun_with);
    let arrived = Arrived {
        endpoint: &endpoint,
        route,
        parts: &parts,
        received: &received,
        begun,
    };
    respond(arrived.meet(taken, &wire).await)
}

/// Refuses a request that is not an ingest request, or that may not be one.
pub(crate) async fn refuse(
    endpoint: Arc<Endpoint>,
    answer: Answer,
    request: Request,
) -> Response<Body> {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let received = read_body(body, limits::REQUEST_BYTES, endpoint.request_timeout).await;
    let Ok(received) = received else {
        return respond(answer);
    };
    let arrived = Arrived {
        endpoint: &endpoint,
        route: Route::Dynatrace,
        parts: &parts,
        received: &received,
        begun,
    };
    arrived.add_to_store(answer.clone().into(), None);
    respond(answer)
}

fn respond(answer: Answer) -> Response<Body> {
    // Always valid: the answers of faults are checked when they are planned.
    answer.into_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
