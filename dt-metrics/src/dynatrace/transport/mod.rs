//! One request over HTTP, and what its answer means.

pub(crate) mod answer;
pub(crate) mod classify;
pub(crate) mod client;
pub(crate) mod failure;
pub(crate) mod io_thread;
pub(crate) mod message;
pub(crate) mod redact;
pub(crate) mod reload;
#[cfg(test)]
mod tests;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::token::Token;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use crate::dynatrace::transport::client::client;
use crate::dynatrace::transport::failure::{Cause, advice, cause, failure, is_untrusted};
use crate::dynatrace::transport::message::Explainer;
use crate::dynatrace::transport::redact::shorten;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response, StatusCode};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// The most of an answer that is read: room for a reason for each of some thousand lines.
const MAX_ANSWER: usize = 1024 * 1024;

/// How long the rest of an answer is waited for once its status is known.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// One attempt to deliver a request body.
pub(crate) trait Transport {
    fn send(&self, body: &Body) -> impl Future<Output = Outcome>;
}

/// Sends requests to one endpoint.
pub(crate) struct Http {
    /// Made when it is first needed, on the thread that needs it: to read what the platform
    /// trusts takes a while.
    client: Arc<OnceLock<Client>>,
    config: Config,
    explain: Explainer,
}

/// What became of one attempt.
pub(crate) struct Tried {
    pub(crate) outcome: Outcome,
    /// Of the answer, if there was one.
    pub(crate) status: Option<StatusCode>,
    /// Of the answer, if there was one.
    pub(crate) headers: HeaderMap,
    pub(crate) answered: SystemTime,
    /// There was none, because of the server's certificate.
    pub(crate) untrusted: bool,
}

impl Http {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            client: Arc::default(),
            config: config.clone(),
            explain: Explainer::new(config),
        }
    }

    /// The same for another endpoint or token; connections that still serve are kept.
    pub(crate) fn renewed(&self, config: &Config) -> Self {
        let mut renewed = Self::new(config);
        if config.target.endpoint == self.config.target.endpoint {
            renewed.client = self.client.clone();
        }
        renewed
    }

    /// Makes the client, if there is none yet. What is missing may be there the next time.
    pub(crate) fn prepare(&self) -> Result<&Client, ConfigError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = client(&self.config)?;
        Ok(self.client.get_or_init(|| made))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// One attempt, and what there is to know about it.
    pub(crate) async fn attempt(&self, body: &Body) -> Tried {
        let client = match self.prepare() {
            Ok(client) => client,
            Err(error) => return self.unprepared(&error),
        };
        match self.post(client, body).await {
            Ok((status, headers, answer)) => Tried {
                outcome: self.judge(status, &headers, &answer, body),
                status: Some(status),
                headers,
                answered: SystemTime::now(),
                untrusted: false,
            },
            Err(error) => {
                let error = error.without_url();
                let failure = failure(&error, &self.config.target.endpoint);
                let cause = match cause(&error) {
                    Cause::Ours(text) => self.explain.scrub(&text),
                    // First the secrets: half of one would not be found.
                    Cause::Theirs(text) => shorten(&self.explain.scrub(&text)),
                };
                let advice = advice(&error, &self.config.target.endpoint);
                Tried {
                    outcome: Outcome::Failed {
                        failure,
                        message: self.explain.failed(failure, &cause, advice),
                    },
                    status: None,
                    headers: HeaderMap::new(),
                    answered: SystemTime::now(),
                    untrusted: is_untrusted(&error),
                }
            }
        }
    }

    /// What became of one that took too long.
    pub(crate) fn late(&self) -> Outcome {
        Outcome::Failed {
            failure: Failure::NoAnswer,
            message: self
                .explain
                .failed(Failure::NoAnswer, "operation timed out", None),
        }
    }

    fn unprepared(&self, error: &ConfigError) -> Tried {
        let message = self.explain.scrub(&error.to_string());
        Tried {
            outcome: Outcome::Failed {
                failure: Failure::Unprepared,
                message: self.explain.failed(Failure::Unprepared, &message, None),
            },
            status: None,
            headers: HeaderMap::new(),
            answered: SystemTime::now(),
            untrusted: matches!(error, ConfigError::NoRootCertificates(_)),
        }
    }

    async fn post(
        &self,
        client: &Client,
        body: &Body,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), reqwest::Error> {
        let (body, encoding) = body.to_request(&self.config.protocol);
        let mut request = client
            .post(self.config.target.endpoint.url().clone())
            .headers(self.config.protocol.headers())
            .header(CONTENT_TYPE, self.config.protocol.content_type())
            .body(body);
        if let Some(encoding) = encoding {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        if let Some(header) = self.config.target.token.as_ref().and_then(Token::header) {
            request = request.header(AUTHORIZATION, header);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok((status, headers, read(response).await))
    }
}

/// The body, or as much of it as comes in time and within bounds. What is missing only costs a
/// reason: the status has been given.
async fn read(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MAX_ANSWER - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
    };
    // Too late is as good as too long.
    let _ = tokio::time::timeout(ANSWER_TIMEOUT, reading).await;
    body
}
