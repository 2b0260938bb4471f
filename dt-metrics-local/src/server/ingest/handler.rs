//! The handlers of ingest requests, and of requests that are none.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{Response, StatusCode};

use super::arrived::Arrived;
use super::judge::refusal;
use crate::protocol::limits;
use crate::server::endpoint::Endpoint;
#[cfg(feature = "otlp")]
use crate::server::http::decompress;
use crate::server::http::{Route, read_body};
use crate::server::net::Wire;
use crate::server::response::Answer;
#[cfg(feature = "otlp")]
use crate::store::Protocol;

#[cfg(feature = "otlp")]
const NOT_FOUND: &str = "Not Found: lines go to /api/v2/metrics/ingest or /metrics/ingest, OTLP to \
    /api/v2/otlp/v1/metrics or /v1/metrics";
#[cfg(not(feature = "otlp"))]
const NOT_FOUND: &str = "Not Found: lines go to /api/v2/metrics/ingest or /metrics/ingest; OTLP is \
    not taken, since the feature `otlp` is off";

/// Receives lines or data points.
pub(crate) async fn receive(
    endpoint: Arc<Endpoint>,
    route: Route,
    request: Request,
) -> Response<Body> {
    let begun = Instant::now();
    let wire = wire(&request);
    let (parts, body) = request.into_parts();
    let begun_with = wire.take_fault();
    let Ok(received) = read_body(body, route.max_bytes()).await else {
        // The client has disconnected or does not speak HTTP, so it hardly reads this answer.
        return respond(refusal(route, 400, "Request body could not be read"));
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
    let answer = arrived.meet(taken, &wire).await;
    wire.end();
    respond(answer)
}

/// Refuses a request that is not an ingest request.
pub(crate) async fn refuse(
    endpoint: Arc<Endpoint>,
    status: u16,
    request: Request,
) -> Response<Body> {
    let begun = Instant::now();
    let wire = wire(&request);
    let (parts, body) = request.into_parts();
    let message = match status {
        404 => NOT_FOUND,
        _ => "Method Not Allowed: metrics are sent by POST",
    };
    let answer = Answer::refusal(status, message);
    let Ok(received) = read_body(body, limits::REQUEST_BYTES).await else {
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
    wire.end();
    respond(answer)
}

/// The wire of the connection that the request came from. A request without such a connection gets
/// a wire of its own.
fn wire(request: &Request) -> Wire {
    let info = request.extensions().get::<ConnectInfo<Wire>>();
    info.map(|ConnectInfo(wire)| wire.clone())
        .unwrap_or_default()
}

fn respond(answer: Answer) -> Response<Body> {
    // Always valid: the answers of faults are checked when they are planned.
    answer.into_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
