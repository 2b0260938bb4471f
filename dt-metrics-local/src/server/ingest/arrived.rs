use std::future::pending;
use std::time::{Instant, SystemTime};

use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;

use super::handler::Endpoint;
use super::judge::{Judgement, Rules, count_lines, judge};
use super::lines as answer;
use crate::protocol::Reader;
use crate::server::fault::{Fault, Taken};
use crate::server::http::body::Received;
use crate::server::http::route::Route;
use crate::server::net::Endless;
use crate::server::net::wire::{Wire, Writing};
use crate::server::response::Answer;
use crate::store::{Authorization, Batch, Protocol, Request};

/// Headers and paths are kept up to this many characters.
const KEPT_CHARACTERS: usize = 256;

/// A request that was read.
pub(in crate::server) struct Arrived<'a> {
    pub(in crate::server) endpoint: &'a Endpoint,
    pub(in crate::server) route: Route,
    pub(in crate::server) parts: &'a Parts,
    pub(in crate::server) received: &'a Received,
    pub(in crate::server) begun: Instant,
}

impl Arrived<'_> {
    /// Judges and books the request as the fault demands, and tells the wire how to answer.
    pub(in crate::server) async fn meet(&self, taken: Taken, wire: &Wire) -> Answer {
        let fault = match taken {
            Taken::Fault(fault) => fault,
            Taken::Hold(mut releases) => {
                // A client that gives up drops this future: a held request counts only once
                // released.
                let held = self.endpoint.store.hold();
                // An error says that the server goes down, and this future with it.
                let _ = releases.changed().await;
                drop(held);
                Fault::Hold
            }
        };
        let judgement = self.judge(&fault);
        let answer = judgement.answer.clone();
        self.book(judgement, Some(&fault));
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

    fn judge(&self, fault: &Fault) -> Judgement {
        let refused_on_demand = match fault {
            Fault::Answer(answer) => return answer.clone().into(),
            Fault::EchoAuthorization(status) => return self.echo(*status).into(),
            // Decided too late to leave it unread, as if it had been decided in time.
            Fault::SilentBeforeReading | Fault::ResetBeforeReading => {
                return Answer::new(0).into();
            }
            Fault::BodyLimit(bytes) if self.received.bytes > *bytes => {
                let message = format!("Request body is too large, the limit is {bytes} bytes");
                return answer::refused_by(self.route, 413, &message).into();
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
            is_token_needed: self.route.asks_for_token() && !self.endpoint.tokens.is_empty(),
            reader,
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

    /// Takes the request into the store, before its client can know of it.
    pub(in crate::server) fn book(&self, judgement: Judgement, fault: Option<&Fault>) {
        let status = match fault {
            Some(Fault::SilentAfterReading | Fault::ResetAfterReading) => 0,
            _ => judgement.answer.status(),
        };
        let parts = self.parts;
        let request = Request {
            path: parts.uri.path().chars().take(KEPT_CHARACTERS).collect(),
            protocol: self.route.protocol(),
            status,
            fault: fault
                .filter(|fault| **fault != Fault::None)
                .map(Fault::name),
            content_type: header(parts, &CONTENT_TYPE),
            user_agent: header(parts, &USER_AGENT),
            authorization: self.authorization(),
            lines: self.lines(),
            refused: judgement.contents.rejected.len(),
            bytes: self.received.bytes,
            received_at: SystemTime::now(),
            took: self.begun.elapsed(),
        };
        self.endpoint.store.add(Batch {
            contents: judgement.contents,
            request,
        });
    }

    fn authorization(&self) -> Authorization {
        let worth = self.endpoint.tokens.check(&self.parts.headers);
        match worth {
            Authorization::Absent => Authorization::Absent,
            worth if self.route.asks_for_token() => worth,
            _ => Authorization::Unchecked,
        }
    }

    fn lines(&self) -> usize {
        let content = self.received.content.as_deref().unwrap_or_default();
        match self.route.protocol() {
            Protocol::Lines => count_lines(content),
            #[cfg(feature = "otlp")]
            Protocol::Otlp => super::otlp::count(content),
            #[cfg(not(feature = "otlp"))]
            Protocol::Otlp => 0,
        }
    }

    fn echo(&self, status: u16) -> Answer {
        let header = self.parts.headers.get(AUTHORIZATION);
        let text = header.map_or_else(String::new, |header| {
            String::from_utf8_lossy(header.as_bytes()).into_owned()
        });
        answer::refused(status, &format!("Authorization was: {text}"))
    }
}

fn header(parts: &Parts, name: &HeaderName) -> Option<String> {
    let value = parts.headers.get(name)?;
    Some(
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(KEPT_CHARACTERS)
            .collect(),
    )
}
