//! Messages about failed requests: what happened, at which endpoint, and what to do about it.

use reqwest::StatusCode;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::environment::process_environment;
use crate::dynatrace::config::protocol::Protocol;
use crate::dynatrace::config::proxy::{proxy_secrets, proxy_variable};
use crate::dynatrace::config::target::Target;
use crate::dynatrace::config::token::Token;
use crate::dynatrace::redact::Redactor;
use crate::dynatrace::retry::outcome::Failure;
use crate::dynatrace::text::printable;
use crate::dynatrace::transport::failure::Diagnosis;

/// What to look at if a OneAgent is on the host (Dynatrace documentation, "OneAgent metric API").
const ONE_AGENT_ADVICE: &str = "if a OneAgent runs on this host, enable its local API in Settings > \
    Preferences > Extension Execution Controller > Enable local HTTP Metric, Log and Event Ingest \
    API, and check that its port is the one in the URL (14499 by default); a OneAgent of the node is \
    not reachable from a pod or a container with its own network";

/// Advice where the URL has the path of a OneAgent, but names another host.
const REMOTE_ONE_AGENT_ADVICE: &str = "a OneAgent's local API answers on its own host only, not in a \
    pod or a container with its own network: use the URL of Dynatrace or of an ActiveGate, with a \
    token";

/// Writes the messages for one configuration. They contain no secrets, provided that all texts from
/// elsewhere went through [`quote`](Self::quote).
pub(super) struct MessageWriter {
    target: Target,
    protocol: Protocol,
    /// The variable that names the proxy on the way to the endpoint.
    proxy: Option<&'static str>,
    redactor: Redactor,
}

impl MessageWriter {
    pub(super) fn new(config: &Config) -> Self {
        let target = &config.target;
        let token = target.token.iter().map(Token::secret);
        let in_query = target.endpoint.query_values().map(Into::into);
        let in_headers = config.protocol.secrets();
        Self {
            target: target.clone(),
            protocol: config.protocol.clone(),
            proxy: proxy_variable(&target.endpoint),
            redactor: Redactor::new(
                token
                    .chain(in_query)
                    .chain(in_headers)
                    .chain(proxy_secrets(&process_environment)),
            ),
        }
    }

    /// The beginning of the text, on one line, without secrets.
    pub(super) fn quote(&self, text: &str) -> String {
        self.redactor.quote(text)
    }

    pub(super) fn answered(&self, status: StatusCode, reason: &str) -> String {
        let (endpoint, status) = (&self.target.endpoint, name(status));
        format!("{endpoint} answered {status}{}", quoted(reason))
    }

    pub(super) fn unauthorized(
        &self,
        status: StatusCode,
        reason: &str,
        is_web_page: bool,
    ) -> String {
        let endpoint = &self.target.endpoint;
        let mismatch = self.target.mismatch();
        let problem = match &self.target.token {
            _ if self.protocol.is_for_collector => format!(
                "{endpoint} does not accept this sender; set the headers that it requires in \
                 OTEL_EXPORTER_OTLP_HEADERS"
            ),
            None if endpoint.is_one_agent() => format!(
                "{endpoint} requires a token, but none is sent to a OneAgent: check the endpoint; \
                 {ONE_AGENT_ADVICE}"
            ),
            None => {
                format!("no token is given; {endpoint} needs one with the scope `metrics.ingest`")
            }
            Some(_) if mismatch.is_some() => mismatch.unwrap_or_default(),
            Some(_) if status == StatusCode::FORBIDDEN => format!(
                "the token is valid for {endpoint} but lacks a permission: it needs the scope \
                 `metrics.ingest`"
            ),
            Some(_) => format!(
                "the token is wrong, expired, disabled or of another environment than {endpoint}; \
                 it needs the scope `metrics.ingest`"
            ),
        };
        let answered_by = if is_web_page {
            " (the answer is a web page: a proxy or a firewall may be in the way)"
        } else {
            ""
        };
        let status = name(status);
        format!("{status}: {problem}{answered_by}{}", quoted(reason))
    }

    pub(super) fn misdirected(&self, status: StatusCode, reason: &str) -> String {
        // The body of a redirect only repeats that it is one.
        let reason = if status.is_redirection() { "" } else { reason };
        let advice = match status.as_u16() {
            300..=399 => {
                ": redirects are not followed, since the token would be sent elsewhere; give the \
                 final URL of the endpoint, with https and the host of the API"
            }
            404 | 405 | 410 | 421 => &format!(
                "; the path of the endpoint is probably wrong: {}",
                self.protocol.format.path_hint()
            ),
            407 => {
                "; the proxy requires a user and a password: put them into HTTPS_PROXY, or name \
                 the host in NO_PROXY"
            }
            _ => {
                "; this is not a documented answer of the ingest API, but most likely a web page or \
                 the text of a proxy or a firewall: check that the host is the API's, such as \
                 myenv123.live.dynatrace.com, and that nothing in between blocks the request"
            }
        };
        let advice = match status.as_u16() {
            404 | 405 | 410 if self.target.endpoint.is_one_agent() => {
                &format!("{advice}; {ONE_AGENT_ADVICE}")
            }
            _ => advice,
        };
        self.answered(status, reason) + advice
    }

    pub(super) fn partial(&self, status: StatusCode, rejected: u64, sent: u64) -> String {
        let (answered, parts) = (self.answered(status, ""), self.protocol.format.parts());
        format!("{answered}: {rejected} of {sent} {parts} rejected")
    }

    pub(super) fn warned(&self, count: u64, warnings: &str) -> String {
        let (endpoint, parts) = (&self.target.endpoint, self.protocol.format.parts());
        let warning = if count == 1 { "warning" } else { "warnings" };
        format!(
            "{endpoint} accepted {parts} with {count} {warning}: {warnings}; if it changed a metric \
             key, use the changed key in charts, or rename the instrument"
        )
    }

    pub(super) fn failed(&self, diagnosis: &Diagnosis) -> String {
        let endpoint = &self.target.endpoint;
        let cause = self.quote(&diagnosis.cause);
        let advice = diagnosis
            .advice
            .map_or_else(String::new, |it| format!("; {it}"));
        match diagnosis.failure {
            Failure::Unprepared => printable(&self.redactor.redact(&diagnosis.cause)).into_owned(),
            Failure::Ambiguous => {
                let parts = self.protocol.format.parts();
                format!(
                    "no answer from {endpoint}: {cause}{advice}; the {parts} may have been accepted"
                )
            }
            Failure::NobodyListens { .. } if self.target.is_unconfigured() => {
                let (expected, otherwise) = if self.protocol.is_for_collector {
                    ("Collector", "set OTEL_EXPORTER_OTLP_ENDPOINT".to_owned())
                } else {
                    (
                        "OneAgent",
                        format!(
                            "start dt-metrics-local to see them on this host; {ONE_AGENT_ADVICE}"
                        ),
                    )
                };
                format!(
                    "no endpoint is configured, and no {expected} listens at {endpoint} ({cause}): \
                     set DT_METRICS_INGEST_URL and DT_METRICS_INGEST_API_TOKEN, or {otherwise}"
                )
            }
            Failure::NobodyListens { .. } | Failure::Connect => {
                let one_agent = if endpoint.is_remote_one_agent() {
                    format!("; {REMOTE_ONE_AGENT_ADVICE}")
                } else if endpoint.is_one_agent() {
                    format!("; {ONE_AGENT_ADVICE}")
                } else {
                    String::new()
                };
                let message = format!("cannot connect to {endpoint}: {cause}{advice}{one_agent}");
                let Some(variable) = self.proxy else {
                    return message;
                };
                format!(
                    "{message} (through the proxy in {variable}: check it, or name the host in \
                     NO_PROXY)"
                )
            }
        }
    }
}

/// The number and the name of a status, as in `401 Unauthorized`, or the number alone if it has no
/// name.
fn name(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_str().to_owned(),
    }
}

fn quoted(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" (answer: {reason})")
    }
}
