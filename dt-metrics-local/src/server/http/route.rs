use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodRouter, any, post};

use crate::protocol::limits;
use crate::server::ingest::handler::{self, Endpoint};
use crate::server::page;
use crate::store::Protocol;

/// The OneAgent's API limits lines, not bytes: what that many of the longest lines take.
const ONEAGENT_BYTES: usize = limits::ONEAGENT_LINES * limits::LINE;

/// To which API a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Route {
    /// The Dynatrace API, directly or by an ActiveGate.
    Dynatrace,
    /// The OneAgent's API on the host, which asks for no token.
    OneAgent,
    /// The Dynatrace API for OTLP.
    #[cfg(feature = "otlp")]
    DynatraceOtlp,
    /// A Collector, which asks for no token.
    #[cfg(feature = "otlp")]
    Collector,
}

impl Route {
    pub(in crate::server) fn protocol(self) -> Protocol {
        match self {
            Self::Dynatrace | Self::OneAgent => Protocol::Lines,
            #[cfg(feature = "otlp")]
            Self::DynatraceOtlp | Self::Collector => Protocol::Otlp,
        }
    }

    pub(in crate::server) fn asks_for_token(self) -> bool {
        match self {
            Self::Dynatrace => true,
            Self::OneAgent => false,
            #[cfg(feature = "otlp")]
            Self::DynatraceOtlp => true,
            #[cfg(feature = "otlp")]
            Self::Collector => false,
        }
    }

    pub(in crate::server) fn max_bytes(self) -> usize {
        match self {
            Self::Dynatrace => limits::REQUEST_BYTES,
            Self::OneAgent => ONEAGENT_BYTES,
            #[cfg(feature = "otlp")]
            Self::DynatraceOtlp | Self::Collector => crate::otlp::limits::REQUEST_BYTES,
        }
    }

    pub(in crate::server) fn max_lines(self) -> usize {
        if self == Self::OneAgent {
            limits::ONEAGENT_LINES
        } else {
            usize::MAX
        }
    }
}

pub(in crate::server) const DYNATRACE_PATH: &str = "/api/v2/metrics/ingest";
const ACTIVEGATE_PATH: &str = "/e/{environment}/api/v2/metrics/ingest";
/// The router takes nothing for an environment too.
const NO_ENVIRONMENT_PATH: &str = "/e//api/v2/metrics/ingest";
pub(in crate::server) const ONEAGENT_PATH: &str = "/metrics/ingest";

#[cfg(feature = "otlp")]
pub(in crate::server) const OTLP_PATH: &str = "/api/v2/otlp/v1/metrics";
#[cfg(feature = "otlp")]
const ACTIVEGATE_OTLP_PATH: &str = "/e/{environment}/api/v2/otlp/v1/metrics";
#[cfg(feature = "otlp")]
const NO_ENVIRONMENT_OTLP_PATH: &str = "/e//api/v2/otlp/v1/metrics";
#[cfg(feature = "otlp")]
const COLLECTOR_PATH: &str = "/v1/metrics";

#[cfg(feature = "otlp")]
pub(in crate::server) const NOT_FOUND: &str = "Not Found: lines go to /api/v2/metrics/ingest or \
    /metrics/ingest, OTLP to /api/v2/otlp/v1/metrics or /v1/metrics";
#[cfg(not(feature = "otlp"))]
pub(in crate::server) const NOT_FOUND: &str = "Not Found: lines go to /api/v2/metrics/ingest or \
    /metrics/ingest; OTLP is not taken, since the feature `otlp` is off";

pub(in crate::server) fn router(endpoint: &Arc<Endpoint>) -> Router {
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
    #[cfg(feature = "otlp")]
    let router = router
        .route(OTLP_PATH, ingest(endpoint, Route::DynatraceOtlp))
        .route(ACTIVEGATE_OTLP_PATH, ingest(endpoint, Route::DynatraceOtlp))
        .route(NO_ENVIRONMENT_OTLP_PATH, any(refusing(404)))
        .route(COLLECTOR_PATH, ingest(endpoint, Route::Collector))
        .method_not_allowed_fallback(refusing(405));
    page::add(router, &endpoint.store, |route: MethodRouter| {
        // Whoever sends lines to the page looks for the path of the ingest.
        route.fallback(refusing(404))
    })
}

fn ingest(endpoint: &Arc<Endpoint>, route: Route) -> MethodRouter {
    let endpoint = Arc::clone(endpoint);
    post(move |request: Request| handler::ingest(Arc::clone(&endpoint), route, request))
}
