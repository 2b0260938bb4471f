//! The response to a request: status, headers and body.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::error::FaultError;

/// The value of the header `Server` in each response.
pub(super) const NAME: &str = concat!("dt-metrics-local/", env!("CARGO_PKG_VERSION"));

/// The page of a login or a proxy in front of the endpoint.
const WEB_PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n";

/// A response with a status, headers and a body of your choice.
///
/// Methods that accept an answer also accept a number, which is the status of the answer.
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
    /// Why the endpoint refuses a whole request.
    message: Option<String>,
}

impl Answer {
    /// Creates an answer with this status. The default body of an error repeats the status.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            retry_after_date: None,
            body: None,
            message: None,
        }
    }

    /// Creates an answer with a web page, like the answer of a login page or of a proxy in front of the
    /// endpoint.
    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::new(status)
            .header(CONTENT_TYPE.as_str(), "text/html; charset=utf-8")
            .body(WEB_PAGE)
    }

    /// Creates a redirect to this URL, with the status 307: a client that follows redirects repeats its request
    /// at the URL.
    #[must_use]
    pub fn redirect(url: impl Into<String>) -> Self {
        Self::new(307).header(LOCATION.as_str(), url)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds the header `Retry-After` with `after` in whole seconds.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        self.header(RETRY_AFTER.as_str(), after.as_secs().to_string())
    }

    /// Adds the header `Retry-After` with a date: the time of the answer plus `after`.
    #[must_use]
    pub fn retry_after_date(mut self, after: Duration) -> Self {
        self.retry_after_date = Some(after);
        self
    }

    /// Replaces the body. Its content type is `application/json`, unless a header sets another content type.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A refusal with this status and message, as JSON.
    pub(super) fn refusal(status: u16, message: &str) -> Self {
        let body = refusal_body(status, message);
        Self::new(status).body(body).because(message)
    }

    /// Keeps the reason for a refusal, which is also in the body, for the store.
    pub(super) fn because(mut self, message: &str) -> Self {
        self.message = Some(message.to_owned());
        self
    }

    /// The reason for a refusal by the endpoint.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Checks that HTTP allows the answer.
    pub(super) fn check(&self) -> Result<(), FaultError> {
        self.clone().into_response().map(drop)
    }

    pub(super) fn into_response(self) -> Result<Response<Body>, FaultError> {
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

/// The date `after` now. HTTP can express the years up to 9999.
fn http_date(after: Duration) -> String {
    /// Time from 1970 to the end of the year 9999.
    const END: Duration = Duration::from_secs(253_402_300_799);
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_add(after)
        .min(END);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_1970)
}

/// Errors of Dynatrace repeat their status in the body; other responses are empty.
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

/// The JSON body of a refusal.
pub(super) fn refusal_body(status: u16, message: &str) -> String {
    #[derive(Serialize)]
    struct Refusal<'a> {
        error: RefusalError<'a>,
    }
    #[derive(Serialize)]
    struct RefusalError<'a> {
        code: u16,
        message: &'a str,
    }
    let error = RefusalError {
        code: status,
        message,
    };
    // Structs of numbers and strings always serialize.
    serde_json::to_string(&Refusal { error }).unwrap_or_default()
}

/// An answer with this status.
impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::new(status)
    }
}
