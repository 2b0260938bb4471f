//! The router: which path leads to which handler.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::header::{HeaderName, HeaderValue, SERVER};
use axum::middleware::{self, Next};
use axum::routing::{MethodRouter, any, post};

use super::endpoint::Endpoint;
use super::http::{Foreign, Route};
use super::net::Wire;
use super::response::{Answer, NAME};
use super::{ingest, page};

/// Identifies a run of the endpoint up to a reset.
const INSTANCE: HeaderName = HeaderName::from_static("x-dt-metrics-local-instance");

pub(super) const DYNATRACE_PATH: &str = "/api/v2/metrics/ingest";
/// The Dynatrace API for platform tokens, at `*.apps.dynatrace.com`.
const PLATFORM_PATH: &str = "/platform/classic/environment-api/v2/metrics/ingest";
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

#[cfg(feature = "otlp")]
const NOT_FOUND: &str = "Not Found: lines go to /api/v2/metrics/ingest or /metrics/ingest, OTLP to \
    /api/v2/otlp/v1/metrics or /v1/metrics";
#[cfg(not(feature = "otlp"))]
const NOT_FOUND: &str = "Not Found: lines go to /api/v2/metrics/ingest or /metrics/ingest; OTLP is \
    not taken, since the feature `otlp` is off";

/// Routes the requests to an endpoint and to its live page.
pub(super) fn router(endpoint: &Arc<Endpoint>) -> Router {
    let refusing = |status| {
        let endpoint = Arc::clone(endpoint);
        let message = if status == 404 {
            NOT_FOUND
        } else {
            "Method Not Allowed: send metrics with POST"
        };
        move |request: Request| {
            let answer = Answer::refusal(status, message);
            ingest::refuse(Arc::clone(&endpoint), answer, request)
        }
    };
    let router = Router::new()
        .route(DYNATRACE_PATH, post_to(endpoint, Route::Dynatrace))
        .route(PLATFORM_PATH, post_to(endpoint, Route::Dynatrace))
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
    page::add(router, endpoint, |route: MethodRouter| {
        // A client that posts lines to the page probably has the wrong path: name the right one.
        route.fallback(refusing(404))
    })
    .layer(middleware::from_fn_with_state(Arc::clone(endpoint), admit))
    .layer(middleware::map_response_with_state(
        Arc::clone(endpoint),
        sign,
    ))
}

/// Refuses a request of a web page that is not the endpoint's own, before anything looks at it.
async fn admit(
    State(endpoint): State<Arc<Endpoint>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let wire = Wire::of(&request);
    wire.end_head();
    let (parts, body) = request.into_parts();
    let checked = endpoint.hosts.check(&parts);
    let request = Request::from_parts(parts, body);
    let response = match checked {
        Ok(()) => next.run(request).await,
        Err(Foreign { status, message }) => {
            let answer = Answer::refusal(status, &message);
            ingest::refuse(endpoint, answer, request).await
        }
    };
    wire.end();
    response
}

/// Adds the name of the endpoint to a response, so that a client can distinguish it from Dynatrace. The
/// response of a fault keeps a name of its own. Also adds the run of the endpoint, in which programs
/// hand their catalogues over.
async fn sign(
    State(endpoint): State<Arc<Endpoint>>,
    mut response: Response<Body>,
) -> Response<Body> {
    let name = HeaderValue::from_static(NAME);
    let headers = response.headers_mut();
    headers.entry(SERVER).or_insert(name);
    if let Ok(instance) = HeaderValue::from_str(&endpoint.store.instance().to_string()) {
        headers.insert(INSTANCE, instance);
    }
    response
}

/// The handler of ingest requests to a route.
fn post_to(endpoint: &Arc<Endpoint>, route: Route) -> MethodRouter {
    let endpoint = Arc::clone(endpoint);
    post(move |request: Request| ingest::receive(Arc::clone(&endpoint), route, request))
}
