//! The router: which path leads to which handler.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::http::header::{HeaderValue, SERVER};
use axum::middleware;
use axum::routing::{MethodRouter, any, post};

use super::endpoint::Endpoint;
use super::http::Route;
use super::response::NAME;
use super::{ingest, page};

pub(super) const DYNATRACE_PATH: &str = "/api/v2/metrics/ingest";
const ACTIVEGATE_PATH: &str = "/e/{environment}/api/v2/metrics/ingest";
/// The router would accept an empty environment in `ACTIVEGATE_PATH`.
const NO_ENVIRONMENT_PATH: &str = "/e//api/v2/metrics/ingest";
pub(super) const ONEAGENT_PATH: &str = "/metrics/ingest";

#[cfg(feature = "otlp")]
pub(super) const OTLP_PATH: &str = "/api/v2/otlp/v1/metrics";
#[cfg(feature = "otlp")]
const ACTIVEGATE_OTLP_PATH: &str = "/e/{environment}/api/v2/otlp/v1/metrics";
#[cfg(feature = "otlp")]
const NO_ENVIRONMENT_OTLP_PATH: &str = "/e//api/v2/otlp/v1/metrics";
#[cfg(feature = "otlp")]
const COLLECTOR_PATH: &str = "/v1/metrics";

/// Routes the requests to an endpoint and to its live page.
pub(super) fn router(endpoint: &Arc<Endpoint>) -> Router {
    let refusing = |status| {
        let endpoint = Arc::clone(endpoint);
        move |request: Request| ingest::refuse(Arc::clone(&endpoint), status, request)
    };
    let router = Router::new()
        .route(DYNATRACE_PATH, post_to(endpoint, Route::Dynatrace))
        .route(ACTIVEGATE_PATH, post_to(endpoint, Route::Dynatrace))
        .route(NO_ENVIRONMENT_PATH, any(refusing(404)))
        .route(ONEAGENT_PATH, post_to(endpoint, Route::OneAgent))
        .method_not_allowed_fallback(refusing(405))
        .fallback(refusing(404));
    #[cfg(feature = "otlp")]
    let router = router
        .route(OTLP_PATH, post_to(endpoint, Route::DynatraceOtlp))
        .route(
            ACTIVEGATE_OTLP_PATH,
            post_to(endpoint, Route::DynatraceOtlp),
        )
        .route(NO_ENVIRONMENT_OTLP_PATH, any(refusing(404)))
        .route(COLLECTOR_PATH, post_to(endpoint, Route::Collector))
        .method_not_allowed_fallback(refusing(405));
    page::add(router, &endpoint.store, |route: MethodRouter| {
        // A client that posts lines to the page probably has the wrong path: name the right one.
        route.fallback(refusing(404))
    })
    .layer(middleware::map_response(sign))
}

/// Adds the name of the endpoint to a response, so that a client can tell it from Dynatrace. The
/// response of a fault keeps a name of its own.
async fn sign(mut response: Response<Body>) -> Response<Body> {
    let name = HeaderValue::from_static(NAME);
    response.headers_mut().entry(SERVER).or_insert(name);
    response
}

/// The handler of ingest requests to a route.
fn post_to(endpoint: &Arc<Endpoint>, route: Route) -> MethodRouter {
    let endpoint = Arc::clone(endpoint);
    post(move |request: Request| ingest::receive(Arc::clone(&endpoint), route, request))
}
