//! One request over HTTP, and what its answer means.

mod fault;

use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response, StatusCode, redirect, retry};

use self::fault::{cause, failure, is_untrusted};
use super::ConfigError;
use super::answer::{Answer, shorten};
use super::body::Body;
use super::config::Config;
use super::credentials::Token;
use super::explain::Explainer;
#[cfg(feature = "otlp")]
use super::otlp;
use super::outcome::{Failure, Outcome};
use super::protocol::Protocol;
use super::retry_after::retry_after;
use super::tls;

/// The most of an answer that is read: room for a reason for each of some thousand lines.
const MAX_ANSWER: usize = 1024 * 1024;

/// How long the rest of an answer is waited for once its status is known.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

const USER_AGENT: &str = concat!("dt-metrics/", env!("CARGO_PKG_VERSION"));

/// Sends requests to one endpoint.
pub(super) struct Http {
    /// Made when it is first needed, on the thread that needs it: to read what the platform
    /// trusts takes a while.
    client: Arc<OnceLock<Client>>,
    config: Config,
    explain: Explainer,
}

/// What became of one attempt.
pub(super) struct Tried {
    pub(super) outcome: Outcome,
    /// Of the answer, if there was one.
    pub(super) headers: HeaderMap,
    pub(super) answered: SystemTime,
    /// There was none, because of the server's certificate.
    pub(super) untrusted: bool,
}

impl Http {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            client: Arc::default(),
            config: config.clone(),
            explain: Explainer::new(config),
        }
    }

    /// The same for another endpoint or token; connections that still serve are kept.
    pub(super) fn renewed(&self, config: &Config) -> Self {
        let mut renewed = Self::new(config);
        if config.target.endpoint == self.config.target.endpoint {
            renewed.client = self.client.clone();
        }
        renewed
    }

    /// Makes the client, if there is none yet. What is missing may be there the next time.
    pub(super) fn prepare(&self) -> Result<&Client, ConfigError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = client(&self.config)?;
        Ok(self.client.get_or_init(|| made))
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// One attempt, and what there is to know about it.
    pub(super) async fn attempt(&self, body: &Body) -> Tried {
        let client = match self.prepare() {
            Ok(client) => client,
            Err(error) => return self.unprepared(&error),
        };
        match self.post(client, body).await {
            Ok((status, headers, answer)) => Tried {
                outcome: self.judge(status, &headers, &answer, body),
                headers,
                answered: SystemTime::now(),
                untrusted: false,
            },
            Err(error) => {
                let error = error.without_url();
                let failure = failure(&error, &self.config.target.endpoint);
                let cause = cause(&error);
                let cause = self.explain.scrub(&cause);
                Tried {
                    outcome: Outcome::Failed {
                        failure,
                        message: self.explain.failed(failure, &shorten(&cause)),
                    },
                    headers: HeaderMap::new(),
                    answered: SystemTime::now(),
                    untrusted: is_untrusted(&error),
                }
            }
        }
    }

    /// What became of one that took too long.
    pub(super) fn late(&self) -> Outcome {
        Outcome::Failed {
            failure: Failure::NoAnswer,
            message: self
                .explain
                .failed(Failure::NoAnswer, "operation timed out"),
        }
    }

    fn unprepared(&self, error: &ConfigError) -> Tried {
        let message = self.explain.scrub(&error.to_string());
        Tried {
            outcome: Outcome::Failed {
                failure: Failure::Unprepared,
                message: self.explain.failed(Failure::Unprepared, &message),
            },
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
        let (body, encoding) = self.config.protocol.pack(body);
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

    fn judge(
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
                message: self.explain.unauthorized(status, &said()),
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
}

impl Http {
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

/// One that goes to the endpoint and nowhere else.
fn client(config: &Config) -> Result<Client, ConfigError> {
    let mut client = Client::builder()
        .tls_backend_preconfigured(tls::client_config(config)?)
        .http1_only()
        .user_agent(USER_AGENT)
        // Another host must see neither token nor lines.
        .redirect(redirect::Policy::none())
        .referer(false)
        // All trying again is done by the worker, who counts it.
        .retry(retry::never())
        .timeout(config.request_timeout)
        .connect_timeout(config.connect_timeout);
    if config.target.endpoint.is_loopback() {
        client = client.no_proxy();
    }
    if let Some(name) = config.target.endpoint.name_of_this_host() {
        client = client.resolve(name, (Ipv4Addr::LOCALHOST, 0).into());
    }
    client
        .build()
        .map_err(|error| ConfigError::Client(error.without_url().into()))
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

/// No ingest endpoint answers with one: a login page or a proxy does.
fn is_web_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests;
