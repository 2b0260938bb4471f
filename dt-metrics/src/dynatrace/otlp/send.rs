//! One request, and what its answer means.

use std::time::SystemTime;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message as _;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode};
use secrecy::SecretString;

use super::super::ConfigError;
use super::super::answer::{Answer, shorten};
use super::super::config::Config;
use super::super::credentials::Token;
use super::super::explain::Explainer;
use super::super::outcome::{Failure, Outcome};
use super::super::retry_after::retry_after;
use super::super::scrub::Scrubber;
use super::super::send::{cause, client, failure, is_web_page, read};
use super::destination::Destination;
use super::message::Message;

/// The shortest value of a header that is taken for a secret.
const MIN_SECRET: usize = 8;

/// Sends to one destination.
pub(super) struct Sender {
    client: Client,
    destination: Destination,
    explain: Explainer,
    scrubber: Scrubber,
}

impl Sender {
    pub(super) fn new(destination: Destination) -> Result<Self, ConfigError> {
        let target = &destination.config.target;
        let token = target.token.iter().map(Token::secret);
        let query = target.endpoint.query_values().map(Into::into);
        let headers = destination.headers.values().flat_map(secrets);
        Ok(Self {
            client: client(&destination.config)?,
            explain: Explainer::new(&destination.config),
            scrubber: Scrubber::new(token.chain(query).chain(headers)),
            destination,
        })
    }

    /// Sends it, with the token that the host has by now if another was refused.
    pub(super) async fn send(&mut self, message: &Message) -> Outcome {
        let outcome = self.attempt(message).await;
        match outcome {
            Outcome::Unauthorized { status, message } if self.renew().await => {
                Outcome::Outdated { status, message }
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, message: &Message) -> Outcome {
        let target = &self.destination.config.target;
        let mut request = self
            .client
            .post(target.endpoint.url().clone())
            .headers(self.destination.headers.clone())
            .header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-protobuf"),
            )
            .body(message.body.clone());
        if let Some(header) = target.token.as_ref().and_then(Token::header) {
            request = request.header(AUTHORIZATION, header);
        }
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                let headers = response.headers().clone();
                let body = read(response).await;
                self.judge(status, &headers, &body)
            }
            Err(error) => {
                let error = error.without_url();
                let failure = failure(&error, &self.destination.config.target.endpoint);
                let cause = shorten(&self.scrubber.scrub(&cause(&error)));
                Outcome::Failed {
                    failure,
                    message: self.failed(failure, &cause),
                }
            }
        }
    }

    fn judge(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Outcome {
        let code = status.as_u16();
        let said = || {
            let text = match Answer::parse(body) {
                Some(answer) => answer.message.unwrap_or_default(),
                None => words(body),
            };
            shorten(&self.scrubber.scrub(&text))
        };
        let answered = || self.explain.answered(status, &said());
        match code {
            200..=299 if is_web_page(body) => Outcome::Misdirected {
                status: code,
                message: self.explain.web_page(status),
            },
            200..=299 => self.accepted(body),
            300..=399 => Outcome::Misdirected {
                status: code,
                message: self.explain.redirect(status),
            },
            401 | 403 if self.destination.is_dynatrace => Outcome::Unauthorized {
                status: code,
                message: self.explain.unauthorized(status, &said()),
            },
            401 | 403 => Outcome::Unauthorized {
                status: code,
                message: format!(
                    "{}; what it wants to know of the sender is set in OTEL_EXPORTER_OTLP_HEADERS",
                    answered()
                ),
            },
            404 | 405 | 407 | 410 | 421 => Outcome::Misdirected {
                status: code,
                message: format!(
                    "{}; the path is probably wrong: that of Dynatrace ends in \
                     /api/v2/otlp/v1/metrics, that of a Collector is /v1/metrics",
                    answered()
                ),
            },
            413 => Outcome::TooLarge {
                message: answered(),
            },
            429 => Outcome::Throttled {
                retry_after: retry_after(headers, SystemTime::now()),
                message: answered(),
            },
            408 | 500.. => Outcome::Unavailable {
                status: code,
                retry_after: retry_after(headers, SystemTime::now()),
                message: answered(),
            },
            _ => Outcome::Rejected {
                status: code,
                message: answered(),
            },
        }
    }

    /// Some points may be refused all the same.
    fn accepted(&self, body: &[u8]) -> Outcome {
        let partial = ExportMetricsServiceResponse::decode(body)
            .ok()
            .and_then(|response| response.partial_success);
        let refused = partial
            .as_ref()
            .and_then(|partial| u64::try_from(partial.rejected_data_points).ok())
            .filter(|points| *points > 0);
        match (partial, refused) {
            (Some(partial), Some(points)) => Outcome::Partial {
                invalid: points,
                refused: points,
                message: format!(
                    "{} refused {points} data points: {}",
                    self.destination.config.target.endpoint,
                    shorten(&self.scrubber.scrub(&partial.error_message))
                ),
            },
            _ => Outcome::Accepted,
        }
    }

    fn failed(&self, failure: Failure, cause: &str) -> String {
        let endpoint = &self.destination.config.target.endpoint;
        match failure {
            Failure::Refused { .. } if self.destination.is_default => format!(
                "no endpoint is configured, and no Collector listens at {endpoint} ({cause}): set \
                 DT_METRICS_INGEST_URL and DT_METRICS_INGEST_API_TOKEN, or \
                 OTEL_EXPORTER_OTLP_ENDPOINT"
            ),
            Failure::Refused { .. } | Failure::Connect => {
                format!("cannot connect to {endpoint}: {cause}")
            }
            Failure::NoAnswer => {
                format!("no answer from {endpoint}: {cause}; the metrics may have been accepted")
            }
        }
    }

    /// `true` if the host has another endpoint or token by now; it is used from here on.
    async fn renew(&mut self) -> bool {
        let destination = self.destination.clone();
        // The file may lie on a file system that does not answer.
        let renewed = tokio::task::spawn_blocking(move || destination.renewed());
        let renewed = tokio::time::timeout(std::time::Duration::from_secs(1), renewed).await;
        let Ok(Ok(Some(target))) = renewed else {
            return false;
        };
        let old = &self.destination.config.target;
        let header = |token: &Option<Token>| token.as_ref().and_then(Token::header);
        if target.endpoint == old.endpoint && header(&target.token) == header(&old.token) {
            return false;
        }
        let config = Config {
            target,
            ..self.destination.config.clone()
        };
        let destination = Destination {
            config,
            ..self.destination.clone()
        };
        match Self::new(destination) {
            Ok(sender) => {
                *self = sender;
                true
            }
            Err(error) => {
                tracing::warn!(
                    target: "dt_metrics",
                    "what this host says anew of endpoint and token is not used: {error}"
                );
                false
            }
        }
    }
}

/// The value, and the part after a scheme such as `Bearer`.
fn secrets(value: &HeaderValue) -> Vec<SecretString> {
    let Ok(text) = value.to_str() else {
        return Vec::new();
    };
    let part = text.split_once(' ').map(|(_, part)| part);
    [Some(text), part]
        .into_iter()
        .flatten()
        .filter(|text| text.len() >= MIN_SECRET)
        .map(Into::into)
        .collect()
}

/// What can be read of an answer: one in protobuf is words and a few bytes around them.
fn words(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .chars()
        .filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER)
        .collect()
}
