use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use super::error::FaultError;
use super::ingest::lines::refusal_body;

/// What a proxy or a login in front of the endpoint shows.
const WEB_PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n";

/// An answer to give in place of the honest one.
///
/// A status alone is enough wherever an answer is asked for.
///
/// ```
/// use std::time::Duration;
/// use dt_metrics_local::{Answer, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::builder().start()?;
/// server.fail_next(2, 503)?;
/// server.fail_next(1, Answer::new(429).retry_after(Duration::from_secs(1)))?;
/// server.fail_next(1, Answer::redirect("http://elsewhere.example/api/v2/metrics/ingest"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    retry_after_date: Option<Duration>,
    body: Option<Vec<u8>>,
}

impl Answer {
    /// An answer with this status; if it is an error, with a body that repeats it.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            retry_after_date: None,
            body: None,
        }
    }

    /// A web page, as a login or a proxy shows where an endpoint was expected.
    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::new(status)
            .header(CONTENT_TYPE.as_str(), "text/html; charset=utf-8")
            .body(WEB_PAGE)
    }

    /// A redirect (307: the same request again) to this URL.
    #[must_use]
    pub fn redirect(url: impl Into<String>) -> Self {
        Self::new(307).header(LOCATION.as_str(), url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `Retry-After` in whole seconds.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        self.header(RETRY_AFTER.as_str(), after.as_secs().to_string())
    }

    /// Adds `Retry-After` as a date, this much later than the answer.
    #[must_use]
    pub fn retry_after_date(mut self, after: Duration) -> Self {
        self.retry_after_date = Some(after);
        self
    }

    /// Replaces the body. Its content type is `application/json` unless a header says otherwise.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn check(&self) -> Result<(), FaultError> {
        self.clone().into_response().map(drop)
    }

    pub(in crate::server) fn into_response(self) -> Result<Response<Body>, FaultError> {
        let status = StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| !status.is_informational())
            .ok_or(FaultError::Status(self.status))?;
        let body = self.body.unwrap_or_else(|| default_body(status).into());
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
        let date = self
            .retry_after_date
            .map(|after| (RETRY_AFTER.to_string(), http_date(after)));
        for (name, value) in self.headers.into_iter().chain(date) {
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

/// The date so much later than now, within what HTTP can write: the years up to 9999.
fn http_date(after: Duration) -> String {
    /// The end of the year 9999, since 1970.
    const END: Duration = Duration::from_secs(253_402_300_799);
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_add(after)
        .min(END);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_1970)
}

/// Errors repeat their status as Dynatrace's do; other answers are empty.
fn default_body(status: StatusCode) -> String {
    if status.is_client_error() || status.is_server_error() {
        refusal_body(
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
