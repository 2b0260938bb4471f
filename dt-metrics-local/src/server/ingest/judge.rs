use std::str;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::lines as answer;
use crate::protocol::{LineError, Reader};
use crate::server::http::body::Received;
use crate::server::http::route::Route;
use crate::server::response::Answer;
#[cfg(feature = "otlp")]
use crate::store::Protocol;
use crate::store::{Authorization, Contents, Rejected};

/// What becomes of a request.
pub(in crate::server) struct Judgement {
    pub(in crate::server) answer: Answer,
    pub(in crate::server) contents: Contents,
}

impl From<Answer> for Judgement {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            contents: Contents::default(),
        }
    }
}

/// How strict to be.
pub(in crate::server) struct Rules {
    pub(in crate::server) is_token_needed: bool,
    pub(in crate::server) reader: Reader,
    /// So many valid lines are refused all the same.
    pub(in crate::server) refused_on_demand: usize,
}

/// Judges a request as Dynatrace does: token, form, size, then each line on its own.
pub(in crate::server) fn judge(
    route: Route,
    authorization: Authorization,
    headers: &HeaderMap,
    received: &Received,
    rules: &Rules,
) -> Judgement {
    if rules.is_token_needed
        && let Some((status, message)) = forbidden(authorization)
    {
        return answer::refused_by(route, status, message).into();
    }
    #[cfg(feature = "otlp")]
    if route.protocol() == Protocol::Otlp {
        return super::otlp::judge(headers, received, rules);
    }
    if !is_plain_text(headers) {
        let message = "Content-Type must be text/plain; charset=utf-8, without Content-Encoding";
        return answer::refused(415, message).into();
    }
    let Ok(content) = &received.content else {
        return answer::refused(413, "Request body is too large, the limit is 1 MB").into();
    };
    if count_lines(content) > route.max_lines() {
        return answer::refused(413, "Request has more than 1000 lines").into();
    }
    let Ok(content) = str::from_utf8(content) else {
        return answer::unreadable(route, "Request body is not UTF-8").into();
    };
    judge_lines(route, content, rules)
}

fn judge_lines(route: Route, content: &str, rules: &Rules) -> Judgement {
    let mut accepted = Vec::new();
    let mut rejected = Vec::new();
    let mut to_refuse = rules.refused_on_demand;
    for (index, text) in content.split('\n').enumerate() {
        if text.is_empty() {
            continue;
        }
        match rules.reader.read(text) {
            Ok(_) if to_refuse > 0 => {
                to_refuse -= 1;
                rejected.push(Rejected::new(text, LineError::on_demand(), index + 1));
            }
            Ok(record) => accepted.push(record),
            Err(error) => rejected.push(Rejected::new(text, error, index + 1)),
        }
    }
    if accepted.is_empty() && rejected.is_empty() {
        return answer::unreadable(route, "Request body is empty").into();
    }
    Judgement {
        answer: answer::judged(route, accepted.len(), &rejected),
        contents: Contents::from_lines(accepted, rejected),
    }
}

/// Lines that are not empty.
pub(in crate::server) fn count_lines(content: &[u8]) -> usize {
    content
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .count()
}

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

fn is_plain_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let Some(header) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut parts = header.split(';').map(str::trim);
    let is_text = parts
        .next()
        .is_some_and(|media_type| media_type.eq_ignore_ascii_case("text/plain"));
    is_text
        && parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .all(|(_, charset)| {
                charset
                    .trim()
                    .trim_matches('"')
                    .eq_ignore_ascii_case("utf-8")
            })
}
