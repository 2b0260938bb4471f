//! Judges a request: first its token, then its contents by the protocol of its route.

use axum::http::HeaderMap;

use super::judgement::{Judgement, Rules};
use super::lines;
#[cfg(feature = "otlp")]
use super::otlp;
use crate::server::http::{Received, Route};
use crate::server::response::Answer;
use crate::store::Authorization;

/// Judges a request by the rules that Dynatrace documents.
pub(super) fn judge(
    route: Route,
    authorization: Authorization,
    headers: &HeaderMap,
    received: &Received,
    rules: &Rules,
) -> Judgement {
    if rules.is_token_needed
        && let Some((status, message)) = forbidden(authorization)
    {
        return refusal(route, status, message).into();
    }
    match route {
        Route::Dynatrace | Route::OneAgent => lines::judge(route, headers, received, rules),
        #[cfg(feature = "otlp")]
        Route::DynatraceOtlp | Route::Collector => otlp::judge(headers, received, rules),
    }
}

/// A refusal of a whole request, in the format of its protocol.
pub(super) fn refusal(route: Route, status: u16, message: &str) -> Answer {
    match route {
        Route::Dynatrace | Route::OneAgent => Answer::refusal(status, message),
        #[cfg(feature = "otlp")]
        Route::DynatraceOtlp | Route::Collector => otlp::refusal(status, message),
    }
}

/// The number of non-empty lines or data points in a body.
pub(super) fn count(route: Route, content: &[u8]) -> usize {
    match route {
        Route::Dynatrace | Route::OneAgent => lines::count(content),
        #[cfg(feature = "otlp")]
        Route::DynatraceOtlp | Route::Collector => otlp::count(content),
    }
}

/// The status and message for a token that is not accepted.
fn forbidden(authorization: Authorization) -> Option<(u16, &'static str)> {
    match authorization {
        Authorization::Accepted => None,
        Authorization::Absent => Some((401, "Missing authorization parameter.")),
        Authorization::Refused | Authorization::Unchecked => {
            Some((401, "Token Authentication failed"))
        }
        Authorization::WithoutScope => Some((
            403,
            "Token is missing required scope. Use one of: metrics.ingest",
        )),
    }
}
