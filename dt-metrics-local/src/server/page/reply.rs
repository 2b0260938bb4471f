//! The responses of the page, with their security headers.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{Response, StatusCode};

use super::assets::Asset;
use crate::server::response::refusal_body;

/// Names of metrics and values of dimensions are untrusted text. Under this policy, even injected
/// text can neither run as a script nor send requests elsewhere.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; object-src 'none'";

const JSON: &str = "application/json";

pub(super) fn asset(asset: &'static Asset) -> Response<Body> {
    respond(StatusCode::OK, asset.content_type, asset.content.into())
}

pub(super) fn json(json: String) -> Response<Body> {
    respond(StatusCode::OK, JSON, json.into())
}

/// The response without content to something that was done.
pub(super) fn done() -> Response<Body> {
    respond(StatusCode::NO_CONTENT, JSON, Body::empty())
}

pub(super) fn events(events: Body) -> Response<Body> {
    respond(StatusCode::OK, "text/event-stream", events)
}

pub(super) fn bad_request(message: &str) -> Response<Body> {
    let body = refusal_body(400, message);
    respond(StatusCode::BAD_REQUEST, JSON, body.into())
}

pub(super) fn not_found(message: &str) -> Response<Body> {
    let body = refusal_body(404, message);
    respond(StatusCode::NOT_FOUND, JSON, body.into())
}

/// The response if there are too many event streams, or the server is stopping.
pub(super) fn not_now() -> Response<Body> {
    let body = refusal_body(503, "Too many pages watch already");
    respond(StatusCode::SERVICE_UNAVAILABLE, JSON, body.into())
}

fn respond(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    const HEADERS: [(HeaderName, &str); 6] = [
        // The files change with the version of the program, the data all the time.
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
