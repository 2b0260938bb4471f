//! What an answer means: its status, and what it says.

use crate::dynatrace::config::protocol::Protocol;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::retry::outcome::Outcome;
use crate::dynatrace::transport::Http;
#[cfg(feature = "otlp")]
use crate::dynatrace::transport::answer;
use crate::dynatrace::transport::answer::Answer;
use crate::dynatrace::transport::redact::shorten;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use std::time::{Duration, SystemTime};

impl Http {
    pub(crate) fn judge(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        answer: &[u8],
        body: &Body,
    ) -> Outcome {
        let code = status.as_u16();
        let retry_after = retry_after(headers, SystemTime::now());
        let web_page = is_web_page(answer);
        let said = || self.said(answer);
        match code {
            // An accepted request is accepted, whatever is said about it.
            200 | 201 | 203..=299 | 400 if web_page => Outcome::Misdirected {
                status: code,
                message: self.explain.web_page(status),
            },
            200..=299 | 400 => match self.partial(status, answer, body) {
                Some(partial) => partial,
                None if status.is_success() => Outcome::Accepted,
                None => Outcome::Rejected {
                    status: code,
                    message: self.explain.answered(status, &said()),
                },
            },
            300..=399 => Outcome::Misdirected {
                status: code,
                message: self.explain.redirect(status),
            },
            401 | 403 => Outcome::Unauthorized {
                status: code,
                message: self.explain.unauthorized(status, &said(), web_page),
            },
            404 | 405 | 407 | 410 | 421 => Outcome::Misdirected {
                status: code,
                message: self.explain.misdirected(status, &said()),
            },
            413 => Outcome::TooLarge {
                message: self.explain.answered(status, &said()),
            },
            429 => Outcome::Throttled {
                retry_after,
                message: self.explain.answered(status, &said()),
            },
            408 | 500.. => Outcome::Unavailable {
                status: code,
                retry_after,
                message: self.explain.answered(status, &said()),
            },
            _ if web_page => Outcome::Misdirected {
                status: code,
                message: self.explain.web_page(status),
            },
            _ => Outcome::Rejected {
                status: code,
                message: self.explain.answered(status, &said()),
            },
        }
    }
    /// What the server says about the request as a whole.
    fn said(&self, answer: &[u8]) -> String {
        let text = match Answer::parse(answer) {
            Some(answer) => answer.message.unwrap_or_default(),
            None if is_web_page(answer) => String::new(),
            None => match self.config.protocol {
                Protocol::Lines => String::from_utf8_lossy(answer).into_owned(),
                #[cfg(feature = "otlp")]
                Protocol::Otlp(_) => answer::words(answer),
            },
        };
        shorten(&self.explain.scrub(&text))
    }

    /// If some was refused, and the rest accepted.
    fn partial(&self, status: StatusCode, answer: &[u8], body: &Body) -> Option<Outcome> {
        let (invalid, refused, reasons) = match self.config.protocol {
            Protocol::Lines => {
                let answer = Answer::parse(answer)?;
                let counts = answer.counts(body)?;
                (
                    counts.invalid,
                    counts.refused,
                    answer.refused_lines(body.text()),
                )
            }
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) if !status.is_success() => return None,
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) => {
                let (points, reason) = answer::refused(answer)?;
                let points = points.min(body.points);
                (points, points, shorten(&reason))
            }
        };
        (refused > 0).then(|| Outcome::Partial {
            invalid,
            refused,
            message: self.explain.partial(
                status,
                (refused, body.all_lines()),
                || self.said(answer),
                &self.explain.scrub(&reasons),
            ),
        })
    }
}

/// No ingest endpoint answers with one: a login page or a proxy does.
fn is_web_page(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start().starts_with(b"<")
}

// ===== from retry_after: //! How long a server asks to be left alone.
/// `Retry-After` in either of its forms, seconds or a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = header_text(headers, &RETRY_AFTER)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many for the type are too many for us, too.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    // By the server's own clock, if it says what that shows: ours may differ.
    let now = header_text(headers, &DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(now);
    // A moment that has passed asks for nothing.
    Some(until.duration_since(now).unwrap_or_default())
}

fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests;
