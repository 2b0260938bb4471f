//! One attempt to send a request over HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};

use crate::dynatrace::config::Config;
use crate::dynatrace::config::token::Token;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::retry::outcome::{Failure, Outcome, ServerWarnings};
use crate::dynatrace::transport::classify::{Response, classify, warnings};
use crate::dynatrace::transport::client::client;
use crate::dynatrace::transport::failure::{Diagnosis, diagnose};
use crate::dynatrace::transport::message::MessageWriter;

/// The most bytes of a response that are read: room for a reason for each of some thousand lines.
const MAX_RESPONSE: usize = 1024 * 1024;

/// How long the rest of a response may take once its status is known.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How old a client is at least that is made again because this host does not trust the server: the
/// trusted certificates may have changed since.
const MIN_AGE: Duration = Duration::from_secs(5);

/// Sends requests to one endpoint.
pub(crate) struct Http {
    /// Made when it is first needed, on the thread that needs it: reading the certificates that the
    /// platform trusts takes a while.
    client: Arc<Mutex<Option<MadeClient>>>,
    config: Config,
    messages: MessageWriter,
}

#[derive(Clone)]
struct MadeClient {
    client: Client,
    /// When the trusted certificates were read.
    made: Instant,
}

/// One attempt, with the details that a check of the configuration reports.
pub(crate) struct HttpAttempt {
    pub(crate) outcome: Outcome,
    pub(crate) response: Option<Response>,
    /// When the attempt ended.
    pub(crate) ended: SystemTime,
    /// Whether this host does not trust the certificate of the server.
    pub(crate) is_untrusted: bool,
    pub(crate) warnings: Option<ServerWarnings>,
}

impl Http {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            client: Arc::default(),
            config: config.clone(),
            messages: MessageWriter::new(config),
        }
    }

    /// A copy with another endpoint or token. It keeps the open connections if the endpoint is the
    /// same.
    pub(super) fn renewed(&self, config: &Config) -> Self {
        let mut renewed = Self::new(config);
        if config.target.endpoint == self.config.target.endpoint {
            renewed.client = self.client.clone();
        }
        renewed
    }

    /// Makes the client, if there is none yet. After a failure, the next call tries again.
    pub(crate) fn prepare(&self) -> Result<Client, ConfigError> {
        if let Some(made) = &*self.made() {
            return Ok(made.client.clone());
        }
        self.make()
    }

    /// Makes a client with the certificates that are trusted now, and keeps it.
    fn make(&self) -> Result<Client, ConfigError> {
        let client = client(&self.config)?;
        *self.made() = Some(MadeClient {
            client: client.clone(),
            made: Instant::now(),
        });
        Ok(client)
    }

    /// Reads the trusted certificates again, unless that was done a moment ago; `true` if the next
    /// attempt uses them.
    fn renew_trust(&self) -> bool {
        match &mut *self.made() {
            Some(made) if made.made.elapsed() >= MIN_AGE => made.made = Instant::now(),
            _ => return false,
        }
        // If they cannot be read now, the old ones stay in use.
        self.make().is_ok()
    }

    fn made(&self) -> MutexGuard<'_, Option<MadeClient>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Sends the body. If this host does not trust the server, the trusted certificates are read
    /// again, and it is sent once more: authorities are replaced while programs run.
    pub(crate) async fn attempt(&self, body: &Body) -> HttpAttempt {
        let attempt = self.attempt_once(body).await;
        if attempt.is_untrusted && self.renew_trust() {
            return self.attempt_once(body).await;
        }
        attempt
    }

    async fn attempt_once(&self, body: &Body) -> HttpAttempt {
        let response = match self.post(body).await {
            Ok(response) => response,
            Err(diagnosis) => return self.failed(&diagnosis),
        };
        let (format, messages) = (self.config.protocol.format, &self.messages);
        let outcome = classify(&response, body, format, messages);
        let is_accepted = matches!(outcome, Outcome::Accepted | Outcome::Partial { .. });
        HttpAttempt {
            warnings: is_accepted
                .then(|| warnings(&response, body, format, messages))
                .flatten(),
            outcome,
            response: Some(response),
            ended: SystemTime::now(),
            is_untrusted: false,
        }
    }

    /// The attempt that took longer than allowed and was given up.
    pub(super) fn timed_out(&self) -> HttpAttempt {
        self.failed(&Diagnosis::new(
            Failure::Ambiguous,
            "operation timed out".into(),
        ))
    }

    /// The attempt that could not begin.
    pub(super) fn unprepared(&self, error: &ConfigError) -> HttpAttempt {
        self.failed(&unprepared(error))
    }

    fn failed(&self, diagnosis: &Diagnosis) -> HttpAttempt {
        HttpAttempt {
            outcome: Outcome::Failed {
                failure: diagnosis.failure,
                message: self.messages.failed(diagnosis),
            },
            response: None,
            ended: SystemTime::now(),
            is_untrusted: diagnosis.is_untrusted,
            warnings: None,
        }
    }

    async fn post(&self, body: &Body) -> Result<Response, Diagnosis> {
        let client = self.prepare().map_err(|error| unprepared(&error))?;
        let Config {
            protocol, target, ..
        } = &self.config;
        let (body, encoding) = body.to_request(protocol);
        let mut request = client
            .post(target.endpoint.url().clone())
            .headers(protocol.headers.clone())
            .header(CONTENT_TYPE, protocol.format.content_type())
            .body(body);
        if let Some(encoding) = encoding {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        if let Some(header) = target.token.as_ref().and_then(Token::header) {
            request = request.header(AUTHORIZATION, header);
        }
        let response = request.send().await;
        let response =
            response.map_err(|error| diagnose(&error.without_url(), &target.endpoint))?;
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: read(response).await,
        })
    }
}

/// A request that could not be made is not sent.
fn unprepared(error: &ConfigError) -> Diagnosis {
    Diagnosis {
        is_untrusted: matches!(error, ConfigError::NoRootCertificates(_)),
        ..Diagnosis::new(Failure::Unprepared, error.to_string())
    }
}

/// The body, or as much of it as arrives within the limits. The rest could only add to a reason: the
/// status is known.
async fn read(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MAX_RESPONSE - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
    };
    // The part that arrived before the timeout is in `body`.
    let _ = tokio::time::timeout(RESPONSE_TIMEOUT, reading).await;
    body
}
