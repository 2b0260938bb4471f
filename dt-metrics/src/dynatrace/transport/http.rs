//! One attempt to send a request over HTTP.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};

use crate::dynatrace::config::Config;
use crate::dynatrace::config::token::Token;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use crate::dynatrace::transport::classify::{Response, classify};
use crate::dynatrace::transport::client::client;
use crate::dynatrace::transport::failure::{Diagnosis, diagnose};
use crate::dynatrace::transport::message::MessageWriter;

/// The most bytes of a response that are read: room for a reason for each of some thousand lines.
const MAX_RESPONSE: usize = 1024 * 1024;

/// How long the rest of a response may take once its status is known.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends requests to one endpoint.
pub(crate) struct Http {
    /// Made when it is first needed, on the thread that needs it: reading the certificates that the
    /// platform trusts takes a while.
    client: Arc<OnceLock<Client>>,
    config: Config,
    messages: MessageWriter,
}

/// One attempt, with the details that a check of the configuration reports.
pub(crate) struct HttpAttempt {
    pub(crate) outcome: Outcome,
    pub(crate) response: Option<Response>,
    /// When the attempt ended.
    pub(crate) ended: SystemTime,
    /// Whether this host does not trust the certificate of the server.
    pub(crate) is_untrusted: bool,
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
    pub(crate) fn prepare(&self) -> Result<&Client, ConfigError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = client(&self.config)?;
        Ok(self.client.get_or_init(|| made))
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) async fn attempt(&self, body: &Body) -> HttpAttempt {
        match self.post(body).await {
            Ok(response) => HttpAttempt {
                outcome: classify(&response, body, self.config.protocol.format, &self.messages),
                response: Some(response),
                ended: SystemTime::now(),
                is_untrusted: false,
            },
            Err(diagnosis) => self.failed(&diagnosis),
        }
    }

    /// The attempt that took longer than allowed and was given up.
    pub(super) fn timed_out(&self) -> HttpAttempt {
        self.failed(&Diagnosis::new(
            Failure::NoAnswer,
            "operation timed out".into(),
        ))
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
        }
    }

    async fn post(&self, body: &Body) -> Result<Response, Diagnosis> {
        let client = self.prepare().map_err(|error| Diagnosis {
            is_untrusted: matches!(error, ConfigError::NoRootCertificates(_)),
            ..Diagnosis::new(Failure::Unprepared, error.to_string())
        })?;
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
