use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodRouter, any, post};

use super::handler::{self, Endpoint};
use super::page;
use crate::protocol::limits;

/// The OneAgent's API limits lines, not bytes: what that many of the longest lines take.
const ONEAGENT_BYTES: usize = limits::ONEAGENT_LINES * limits::LINE;

/// Which of the two APIs a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// The Dynatrace API, directly or by an ActiveGate.
    Dynatrace,
    /// The OneAgent's API on the host, which asks for no token.
    OneAgent,
}

impl Route {
    pub(super) fn max_bytes(self) -> usize {
        match self {
            Self::Dynatrace => limits::REQUEST_BYTES,
            Self::OneAgent => ONEAGENT_BYTES,
        }
    }

    pub(super) fn max_lines(self) -> usize {
        match self {
            Self::Dynatrace => usize::MAX,
            Self::OneAgent => limits::ONEAGENT_LINES,
        }
    }
}

pub(super) const DYNATRACE_PATH: &str = "/api/v2/metrics/ingest";
const ACTIVEGATE_PATH: &str = "/e/{environment}/api/v2/metrics/ingest";
/// The router takes nothing for an environment too.
const NO_ENVIRONMENT_PATH: &str = "/e//api/v2/metrics/ingest";
pub(super) const ONEAGENT_PATH: &str = "/metrics/ingest";

pub(super) fn router(endpoint: &Arc<Endpoint>) -> Router {
    let refusing = |status| {
        let endpoint = Arc::clone(endpoint);
        move |request: Request| handler::refuse(Arc::clone(&endpoint), status, request)
    };
    let router = Router::new()
        .route(DYNATRACE_PATH, ingest(endpoint, Route::Dynatrace))
        .route(ACTIVEGATE_PATH, ingest(endpoint, Route::Dynatrace))
        .route(NO_ENVIRONMENT_PATH, any(refusing(404)))
        .route(ONEAGENT_PATH, ingest(endpoint, Route::OneAgent))
        .method_not_allowed_fallback(refusing(405))
        .fallback(refusing(404));
    page::add(router, &endpoint.store, |route: MethodRouter| {
        // Whoever sends lines to the page looks for the path of the ingest.
        route.fallback(refusing(404))
    })
}

fn ingest(endpoint: &Arc<Endpoint>, route: Route) -> MethodRouter {
    let endpoint = Arc::clone(endpoint);
    post(move |request: Request| handler::ingest(Arc::clone(&endpoint), route, request))
}
