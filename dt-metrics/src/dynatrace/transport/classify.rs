//! Classifies a response: an outcome for each status and body.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
#[cfg(feature = "otlp")]
use reqwest::header::CONTENT_TYPE;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER, SERVER};

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::retry::outcome::{Outcome, ServerWarnings};
use crate::dynatrace::transport::answer::Answer;
#[cfg(feature = "otlp")]
use crate::dynatrace::transport::answer::{self, OtlpStatus, Rejected};
use crate::dynatrace::transport::message::MessageWriter;

/// The response to one request, as far as it was read.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The time of the server, with a resolution of one second.
    pub(crate) fn date(&self) -> Option<SystemTime> {
        date(&self.headers)
    }

    /// Whether the local endpoint answered, and not Dynatrace.
    pub(crate) fn is_of_local_endpoint(&self) -> bool {
        let server = header_text(&self.headers, &SERVER);
        server.is_some_and(|server| server.starts_with("dt-metrics-local/"))
    }
}

/// Turns the response to a request with the body `sent` into its outcome.
pub(super) fn classify(
    response: &Response,
    sent: &Body,
    format: Format,
    messages: &MessageWriter,
) -> Outcome {
    let code = response.status;
    let status = code.as_u16();
    let web_page = is_web_page(&response.body);
    let retry_after = || retry_after(&response.headers, SystemTime::now());
    let reason = || reason(response, format, messages);
    let answered = || messages.answered(code, &reason());
    let misdirected = || Outcome::Misdirected {
        status,
        message: messages.misdirected(code, &reason()),
    };
    match status {
        // Another server, or a proxy, may answer any request with a page and success. Only an
        // ingest endpoint answers with 202, so its body is never treated as a page.
        200 | 201 | 203..=299 | 400 if web_page => misdirected(),
        200..=299 => match counted(response, sent, format, messages) {
            Some(outcome) => outcome,
            None if contradicts(response, format) => misdirected(),
            None => Outcome::Accepted,
        },
        401 | 403 => Outcome::Unauthorized {
            status,
            message: messages.unauthorized(code, &reason(), web_page),
        },
        300..=399 | 404 | 405 | 407 | 410 | 421 => misdirected(),
        413 => Outcome::TooLarge {
            message: answered(),
        },
        429 => Outcome::Throttled {
            retry_after: retry_after(),
            message: answered(),
        },
        408 | 425 | 500.. => Outcome::Unavailable {
            status,
            retry_after: retry_after(),
            message: answered(),
        },
        // Only an answer of the ingest API may drop data points. Anything else may be the word of a
        // proxy or a firewall: the request is kept.
        _ => match counted(response, sent, format, messages) {
            Some(outcome) => outcome,
            None if is_rejected(response, format) => Outcome::Rejected {
                status,
                message: answered(),
            },
            None => misdirected(),
        },
    }
}

/// Whether the ingest API, or a receiver of OTLP, rejects the whole request.
fn is_rejected(response: &Response, format: Format) -> bool {
    let in_json = || Answer::parse(&response.body).is_some_and(|answer| answer.rejects_all());
    match format {
        Format::Lines => in_json(),
        #[cfg(feature = "otlp")]
        Format::Otlp => in_json() || otlp_status(response).is_some(),
    }
}

/// Whether the body reports that nothing was accepted, although the status reports success.
fn contradicts(response: &Response, format: Format) -> bool {
    let answer = match format {
        Format::Lines => Answer::parse(&response.body),
        #[cfg(feature = "otlp")]
        Format::Otlp => None,
    };
    answer.is_some_and(|answer| answer.contradicts(response.status))
}

/// The error of an OTLP receiver, if the response is one.
#[cfg(feature = "otlp")]
fn otlp_status(response: &Response) -> Option<OtlpStatus> {
    let media_type = header_text(&response.headers, &CONTENT_TYPE)?
        .split(';')
        .next()?;
    let is_protobuf = media_type
        .trim()
        .eq_ignore_ascii_case(Format::Otlp.content_type());
    is_protobuf.then(|| OtlpStatus::parse(&response.body))?
}

/// The server's reason for its answer to the whole request.
fn reason(response: &Response, format: Format, messages: &MessageWriter) -> String {
    #[cfg(feature = "otlp")]
    if format == Format::Otlp
        && let Some(status) = otlp_status(response)
    {
        return messages.quote(&status.message);
    }
    let _ = format;
    let body = &response.body;
    match Answer::parse(body) {
        Some(answer) => messages.quote(&answer.message.unwrap_or_default()),
        None if is_web_page(body) => String::new(),
        None => messages.quote(&String::from_utf8_lossy(body)),
    }
}

/// The outcome if the answer counts the rejected points. The other points were accepted, regardless
/// of the status.
fn counted(
    response: &Response,
    sent: &Body,
    format: Format,
    messages: &MessageWriter,
) -> Option<Outcome> {
    let (rejected, mut reasons) = match format {
        Format::Lines => {
            let answer = Answer::parse(&response.body)?;
            let reasons = answer.rejected_lines(sent.text(), |text| messages.quote(text));
            (answer.rejected(sent)?, reasons)
        }
        // Over OTLP, an error status rejects the whole request.
        #[cfg(feature = "otlp")]
        Format::Otlp if !response.status.is_success() => return None,
        #[cfg(feature = "otlp")]
        Format::Otlp => {
            let (points, reason) = answer::partial_success(&response.body)?;
            let points = points.min(sent.points);
            let rejected = Rejected {
                points,
                lines: points,
            };
            (rejected, messages.quote(&reason))
        }
    };
    if rejected.lines == 0 {
        return Some(Outcome::Accepted);
    }
    if reasons.is_empty() {
        reasons = reason(response, format, messages);
    }
    let mut message = messages.partial(response.status, rejected.lines, sent.all_lines());
    if !reasons.is_empty() {
        message = format!("{message}: {reasons}");
    }
    Some(Outcome::Partial {
        rejected_points: rejected.points,
        rejected_lines: rejected.lines,
        message,
    })
}

/// The remarks in the response to a request with the body `sent`, which was accepted.
pub(super) fn warnings(
    response: &Response,
    sent: &Body,
    format: Format,
    messages: &MessageWriter,
) -> Option<ServerWarnings> {
    let (count, text) = match format {
        Format::Lines => {
            Answer::parse(&response.body)?.warnings(sent, |text| messages.quote(text))?
        }
        #[cfg(feature = "otlp")]
        Format::Otlp => {
            let (points, warning) = answer::partial_success(&response.body)?;
            (points == 0 && !warning.is_empty()).then(|| (1, messages.quote(&warning)))?
        }
    };
    let message = messages.warned(count, &text);
    Some(ServerWarnings { count, message })
}

/// Whether this is HTML or XML: a login page, a proxy or a firewall answers with it, but never an
/// ingest endpoint.
fn is_web_page(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start().starts_with(b"<")
}

/// `Retry-After` in either of its forms, seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = header_text(headers, &RETRY_AFTER)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than the type can hold are as long as it can hold.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    // The date is measured by the clock of the server if it sent its time: the clocks may differ.
    let now = date(headers).unwrap_or(now);
    // A date in the past requires no pause.
    Some(until.duration_since(now).unwrap_or_default())
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(header_text(headers, &DATE)?).ok()
}

fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests;
