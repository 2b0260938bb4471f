//! A request that was read: it is judged and stored as its fault demands.

use std::future::pending;
use std::time::{Instant, SystemTime};

use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;

use super::judge::{count, judge, refusal};
use super::judgement::{Judgement, Rules};
use crate::protocol::Reader;
use crate::server::endpoint::Endpoint;
use crate::server::fault::{Fault, Taken};
use crate::server::http::{Received, Route};
use crate::server::net::{Endless, Wire, Writing};
use crate::server::response::Answer;
use crate::store::{Authorization, Batch, Protocol, Request};

/// Maximum length of stored headers and paths, in characters.
const MAX_CHARACTERS: usize = 256;

/// A request that was read.
pub(super) struct Arrived<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) route: Route,
    pub(super) parts: &'a Parts,
    pub(super) received: &'a Received,
    pub(super) begun: Instant,
}

impl Arrived<'_> {
    /// Judges and stores the request as its fault demands, and sets how the answer is written.
    pub(super) async fn meet(&self, taken: Taken, wire: &Wire) -> Answer {
        let fault = match taken {
            Taken::Fault(fault) => fault,
            Taken::Hold(mut releases) => {
                // If the client gives up, this future is dropped: a held request is stored only
                // once it is released.
                let held = self.endpoint.store.hold();
                // An error means that the server is stopping, and this future with it.
                let _ = releases.changed().await;
                drop(held);
                Fault::Hold
            }
        };
        let judgement = self.judge(&fault);
        let answer = judgement.answer.clone();
        self.add_to_store(judgement, Some(&fault));
        match fault {
            Fault::Delay(delay) => tokio::time::sleep(delay).await,
            Fault::SilentBeforeReading | Fault::SilentAfterReading => {
                let _held = self.endpoint.store.hold();
                pending::<()>().await;
            }
            Fault::ResetBeforeReading | Fault::ResetAfterReading => wire.write(Writing::Reset),
            Fault::SlowAnswer { bytes_per_second } => {
                wire.write(Writing::Slow { bytes_per_second });
            }
            Fault::EndlessBody => wire.write(Writing::Endless(Endless::body(answer.status()))),
            Fault::EndlessHeaders => {
                wire.write(Writing::Endless(Endless::headers(answer.status())));
            }
            _ => {}
        }
        answer
    }

    /// Judges the request, unless its fault replaces the answer.
    fn judge(&self, fault: &Fault) -> Judgement {
        let refused_on_demand = match fault {
            Fault::Answer(answer) => return answer.clone().into(),
            Fault::EchoAuthorization(status) => return self.echo(*status).into(),
            // Chosen by the body, so the request was read; treated as if it were unread.
            Fault::SilentBeforeReading | Fault::ResetBeforeReading => {
                return Answer::new(0).into();
            }
            Fault::BodyLimit(bytes) if self.received.bytes > *bytes => {
                let message = format!("Request body is too large, the limit is {bytes} bytes");
                return refusal(self.route, 413, &message).into();
            }
            Fault::RefuseLines(lines) => *lines,
            _ => 0,
        };
        let reader = if self.endpoint.are_timestamps_checked {
            Reader::at(SystemTime::now())
        } else {
            Reader::without_clock()
        };
        let rules = Rules {
            is_token_needed: self.route.requires_token() && !self.endpoint.tokens.is_empty(),
            reader,
            is_classic: self.endpoint.is_classic,
            refused_on_demand,
        };
        judge(
            self.route,
            self.authorization(),
            &self.parts.headers,
            self.received,
            &rules,
        )
    }

    /// Stores the request. This happens before the answer is sent, so that a client with an answer
    /// finds its lines in the store.
    pub(super) fn add_to_store(&self, judgement: Judgement, fault: Option<&Fault>) {
        let status = match fault {
            Some(Fault::SilentAfterReading | Fault::ResetAfterReading) => 0,
            _ => judgement.answer.status(),
        };
        let parts = self.parts;
        let content = self.received.content.as_deref().unwrap_or_default();
        let request = Request {
            path: parts.uri.path().chars().take(MAX_CHARACTERS).collect(),
            protocol: self.route.protocol(),
            status,
            fault: fault
                .filter(|fault| **fault != Fault::None)
                .map(Fault::name),
            message: judgement.answer.message().map(ToOwned::to_owned),
            content_type: header(parts, &CONTENT_TYPE),
            user_agent: header(parts, &USER_AGENT),
            authorization: self.authorization(),
            lines: count(self.route, content),
            refused: judgement.contents.rejected.len(),
            bytes: self.received.bytes,
            received_at: SystemTime::now(),
            took: self.begun.elapsed(),
        };
        self.endpoint.store.add(Batch {
            contents: judgement.contents,
            request,
            text: (self.route.protocol() == Protocol::Lines).then(|| content.into()),
        });
    }

    /// The result of the token check; unchecked if the route requires no token.
    fn authorization(&self) -> Authorization {
        match self.endpoint.tokens.check(&self.parts.headers) {
            Authorization::Absent => Authorization::Absent,
            checked if self.route.requires_token() => checked,
            _ => Authorization::Unchecked,
        }
    }

    /// An answer that repeats the `Authorization` header.
    fn echo(&self, status: u16) -> Answer {
        let header = self.parts.headers.get(AUTHORIZATION);
        let text = header.map_or_else(String::new, |header| {
            String::from_utf8_lossy(header.as_bytes()).into_owned()
        });
        Answer::refusal(status, &format!("Authorization was: {text}"))
    }
}

fn header(parts: &Parts, name: &HeaderName) -> Option<String> {
    let value = parts.headers.get(name)?;
    Some(
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(MAX_CHARACTERS)
            .collect(),
    )
}
