//! What an answer means: its status, and what it says.

use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::super::answer::{Answer, shorten};
use super::super::body::Body;
#[cfg(feature = "otlp")]
use super::super::otlp;
use super::super::outcome::Outcome;
use super::super::protocol::Protocol;
use super::super::retry_after::retry_after;
use super::Http;

impl Http {
    pub(super) fn judge(
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
                Protocol::Otlp(_) => otlp::words(answer),
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
                let (points, reason) = otlp::refused(answer)?;
                let points = points.min(body.lines);
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
