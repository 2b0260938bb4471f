//! What went wrong, in words that say what to do. Without secrets.

use crate::dynatrace::config::environment::process_environment;
use crate::dynatrace::config::protocol::Protocol;
use crate::dynatrace::config::token::Token;
use crate::dynatrace::config::{Config, environment};
use crate::dynatrace::retry::outcome::Failure;
use crate::dynatrace::transport::redact::Scrubber;
use reqwest::StatusCode;
use std::fmt::Write as _;

/// Words failures for one endpoint.
pub(crate) struct Explainer {
    endpoint: String,
    has_token: bool,
    scrubber: Scrubber,
    receiver: Receiver,
    unconfigured: bool,
    /// The variable that names the proxy on the way there.
    proxy: Option<&'static str>,
}

/// What is thought to be there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Receiver {
    Dynatrace,
    OneAgent,
    #[cfg(feature = "otlp")]
    DynatraceByOtlp,
    #[cfg(feature = "otlp")]
    Collector,
}

impl Receiver {
    fn of(config: &Config) -> Self {
        match &config.protocol {
            Protocol::Lines if config.target.endpoint.is_one_agent() => Self::OneAgent,
            Protocol::Lines => Self::Dynatrace,
            #[cfg(feature = "otlp")]
            Protocol::Otlp(receiver) if receiver.is_dynatrace => Self::DynatraceByOtlp,
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) => Self::Collector,
        }
    }

    /// What its endpoints look like.
    fn path(self) -> &'static str {
        match self {
            Self::Dynatrace | Self::OneAgent => {
                "it ends in /api/v2/metrics/ingest, for a OneAgent in /metrics/ingest"
            }
            #[cfg(feature = "otlp")]
            Self::DynatraceByOtlp | Self::Collector => {
                "that of Dynatrace ends in /api/v2/otlp/v1/metrics, that of a Collector is \
                 /v1/metrics"
            }
        }
    }

    /// What is refused.
    fn parts(self) -> &'static str {
        match self {
            Self::Dynatrace | Self::OneAgent => "lines",
            #[cfg(feature = "otlp")]
            Self::DynatraceByOtlp | Self::Collector => "data points",
        }
    }
}

impl Explainer {
    pub(crate) fn new(config: &Config) -> Self {
        let target = &config.target;
        let in_query = target.endpoint.query_values().map(Into::into);
        Self {
            endpoint: target.endpoint.to_string(),
            has_token: target.token.is_some(),
            scrubber: Scrubber::new(
                target
                    .token
                    .iter()
                    .map(Token::secret)
                    .chain(in_query)
                    .chain(config.protocol.secrets()),
            ),
            receiver: Receiver::of(config),
            unconfigured: target.is_unconfigured(),
            proxy: environment::proxy_variable(&target.endpoint, &process_environment),
        }
    }

    /// A text from elsewhere, without secrets in it.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.scrubber.scrub(text)
    }

    /// The status and what the server said.
    pub(crate) fn answered(&self, status: StatusCode, said: &str) -> String {
        let mut text = format!("{} answered {}", self.endpoint, name(status));
        append_said(&mut text, said);
        text
    }

    pub(crate) fn unauthorized(&self, status: StatusCode, said: &str, web_page: bool) -> String {
        let mut text = match (self.has_token, status) {
            #[cfg(feature = "otlp")]
            _ if self.receiver == Receiver::Collector => format!(
                "{}: {} refuses the sender; what it wants to know of it is set in \
                 OTEL_EXPORTER_OTLP_HEADERS",
                name(status),
                self.endpoint
            ),
            (false, _) if self.receiver == Receiver::OneAgent => format!(
                "{}: no token is sent to a OneAgent, but {} asks for one",
                name(status),
                self.endpoint
            ),
            (false, _) => format!(
                "{}: no token is given; {} needs one with the scope `metrics.ingest`",
                name(status),
                self.endpoint
            ),
            (true, StatusCode::FORBIDDEN) => format!(
                "{}: the token is known to {} but lacks a permission: it needs the scope \
                 `metrics.ingest`",
                name(status),
                self.endpoint
            ),
            (true, _) => format!(
                "{}: the token is wrong, expired, disabled or of another environment than {}; it \
                 needs the scope `metrics.ingest`",
                name(status),
                self.endpoint
            ),
        };
        if web_page {
            text.push_str(" (it said so with a web page: a proxy or a firewall may be in the way)");
        }
        append_said(&mut text, said);
        text
    }

    /// Something is there, but no ingest endpoint.
    pub(crate) fn misdirected(&self, status: StatusCode, said: &str) -> String {
        let mut text = self.answered(status, said);
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            text.push_str(
                "; the proxy wants a user and a password: put them into HTTPS_PROXY, or name the \
                 host in NO_PROXY",
            );
        } else {
            text.push_str("; the path of the endpoint is probably wrong: ");
            text.push_str(self.receiver.path());
        }
        text
    }

    pub(crate) fn redirect(&self, status: StatusCode) -> String {
        format!(
            "{} answered {}: redirects are not followed, since the token would go elsewhere; give \
             the endpoint's final URL (is it https, and the API's host?)",
            self.endpoint,
            name(status)
        )
    }

    pub(crate) fn web_page(&self, status: StatusCode) -> String {
        format!(
            "{} answered {} with a web page: it is no ingest endpoint; the API's host looks like \
             myenv123.live.dynatrace.com, or a proxy or a firewall is in the way",
            self.endpoint,
            name(status)
        )
    }

    pub(crate) fn partial(
        &self,
        status: StatusCode,
        (refused_lines, lines): (u64, u64),
        said: impl FnOnce() -> String,
        refused: &str,
    ) -> String {
        let mut text = format!(
            "{} answered {}: {refused_lines} of {lines} {} refused",
            self.endpoint,
            name(status),
            self.receiver.parts(),
        );
        if refused.is_empty() {
            append_said(&mut text, &said());
        } else {
            text.push_str(": ");
            text.push_str(refused);
        }
        text
    }

    /// `advice` is on the cause.
    pub(crate) fn failed(&self, failure: Failure, cause: &str, advice: Option<&str>) -> String {
        let advised = advice.map_or_else(|| cause.to_owned(), |it| format!("{cause}; {it}"));
        match failure {
            #[cfg(feature = "otlp")]
            Failure::Refused { .. }
                if self.unconfigured && self.receiver == Receiver::Collector =>
            {
                format!(
                    "no endpoint is configured, and no Collector listens at {} ({cause}): set \
                     DT_METRICS_INGEST_URL and DT_METRICS_INGEST_API_TOKEN, or \
                     OTEL_EXPORTER_OTLP_ENDPOINT",
                    self.endpoint
                )
            }
            Failure::Refused { .. } if self.unconfigured => format!(
                "no endpoint is configured, and no OneAgent listens at {} ({cause}): set \
                 DT_METRICS_INGEST_URL and DT_METRICS_INGEST_API_TOKEN, or start dt-metrics-local \
                 to watch here",
                self.endpoint
            ),
            Failure::Refused { .. } | Failure::Connect => {
                let mut text = format!("cannot connect to {}: {advised}", self.endpoint);
                if let Some(variable) = self.proxy {
                    // Writing to a `String` cannot fail.
                    let _ = write!(
                        text,
                        " (by way of the proxy that {variable} names: is that one right? For no \
                         proxy, name the host in NO_PROXY)"
                    );
                }
                text
            }
            Failure::Unprepared => cause.to_owned(),
            Failure::NoAnswer => format!(
                "no answer from {}: {advised}; the {} may have been accepted",
                self.endpoint,
                self.receiver.parts()
            ),
        }
    }
}

/// Such as `401 Unauthorized`; without a name where the status has none.
fn name(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn append_said(text: &mut String, said: &str) {
    if !said.is_empty() {
        // Writing to a `String` cannot fail.
        let _ = write!(text, " (it said: {said})");
    }
}
