//! A Collector, as OpenTelemetry's environment variables describe it ("OpenTelemetry Protocol
//! Exporter" in its specification).

use std::time::Duration;

use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::protocol::{Compression, OtlpSettings};
use crate::dynatrace::config::target::Source;
use crate::dynatrace::error::ConfigError;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";

/// Where a Collector on this host listens.
const DEFAULT: &str = "http://localhost:4318/v1/metrics";

/// Parts of header names that suggest credentials.
const CREDENTIALS: [&str; 5] = ["auth", "token", "key", "secret", "cookie"];

#[derive(Debug)]
pub(super) struct Collector {
    pub(super) endpoint: Endpoint,
    pub(super) source: Source,
    pub(super) timeout: Option<Duration>,
    /// A file of certificates to trust.
    pub(super) certificate: Option<String>,
    pub(super) settings: OtlpSettings,
}

impl Collector {
    /// The Collector that the environment names, if it names one.
    pub(super) fn named(environment: Environment) -> Result<Option<Self>, ConfigError> {
        let (name, url) = if let Some(url) = value(environment, METRICS_ENDPOINT) {
            (METRICS_ENDPOINT, url)
        } else if let Some(url) = value(environment, ENDPOINT) {
            // This one is the base of the endpoints for all signals.
            let (base, query) = url.split_once('?').unwrap_or((&url, ""));
            let separator = if query.is_empty() { "" } else { "?" };
            let base = base.trim_end_matches('/');
            (ENDPOINT, format!("{base}/v1/metrics{separator}{query}"))
        } else {
            return Ok(None);
        };
        Self::at(environment, &url, Source::Environment(name)).map(Some)
    }

    /// The Collector that may be on this host.
    pub(super) fn on_this_host(environment: Environment) -> Result<Self, ConfigError> {
        Self::at(environment, DEFAULT, Source::CollectorDefault)
    }

    fn at(environment: Environment, url: &str, source: Source) -> Result<Self, ConfigError> {
        let endpoint = Endpoint::parse(url).map_err(|error| ConfigError::Endpoint {
            origin: source.describe(),
            source: error,
        })?;
        warn_of_unsupported(environment);
        Ok(Self {
            endpoint,
            source,
            timeout: timeout(environment),
            certificate: of_metrics(environment, "CERTIFICATE"),
            settings: OtlpSettings {
                headers: headers(&of_metrics(environment, "HEADERS").unwrap_or_default()),
                temporality: temporality(environment),
                is_dynatrace: false,
                compression: compression(environment),
            },
        })
    }

    /// Whether a header authenticates this sender.
    pub(super) fn has_credentials(&self) -> bool {
        let is_credential =
            |name: &HeaderName| CREDENTIALS.iter().any(|part| name.as_str().contains(part));
        self.settings.headers.keys().any(is_credential)
    }
}

fn warn_of_unsupported(environment: Environment) {
    if let Some(other) = of_metrics(environment, "PROTOCOL")
        && other != "http/protobuf"
    {
        tracing::warn!(
            target: "dt_metrics",
            "OTEL_EXPORTER_OTLP_PROTOCOL is {other:?}, but metrics are sent with \
             \"http/protobuf\", which every receiver of OTLP over HTTP accepts"
        );
    }
    if of_metrics(environment, "CLIENT_CERTIFICATE").is_some() {
        tracing::warn!(
            target: "dt_metrics",
            "ignoring OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: client certificates are not supported"
        );
    }
}

fn timeout(environment: Environment) -> Option<Duration> {
    let text = of_metrics(environment, "TIMEOUT")?;
    let timeout = text.parse().map(Duration::from_millis).ok();
    timeout
        .filter(|timeout| !timeout.is_zero())
        .or_else(|| ignore("OTEL_EXPORTER_OTLP_TIMEOUT", "milliseconds, as in 10000"))
}

fn temporality(environment: Environment) -> Temporality {
    value(environment, TEMPORALITY)
        .and_then(|text| {
            let known = text.parse().ok();
            known.or_else(|| ignore(TEMPORALITY, "delta, cumulative or lowmemory"))
        })
        .unwrap_or(Temporality::Delta)
}

/// The compression for a Collector or for Dynatrace.
pub(super) fn compression(environment: Environment) -> Compression {
    match of_metrics(environment, "COMPRESSION").as_deref() {
        Some("gzip") => Compression::Gzip,
        None | Some("none") => Compression::None,
        Some(other) => {
            tracing::warn!(
                target: "dt_metrics",
                "OTEL_EXPORTER_OTLP_COMPRESSION is {other:?}, but metrics are sent without \
                 compression: use \"gzip\" or \"none\""
            );
            Compression::None
        }
    }
}

/// Warns of an invalid value, which is treated as unset. The value is not shown: it may be a secret.
fn ignore<T>(variable: &str, expected: &str) -> Option<T> {
    tracing::warn!(
        target: "dt_metrics",
        "ignoring {variable}, which is invalid: use {expected}"
    );
    None
}

/// The variable for metrics, else the one for all signals.
fn of_metrics(environment: Environment, name: &str) -> Option<String> {
    value(environment, &format!("OTEL_EXPORTER_OTLP_METRICS_{name}"))
        .or_else(|| value(environment, &format!("OTEL_EXPORTER_OTLP_{name}")))
}

/// The value of a variable; `None` if it is blank.
fn value(environment: Environment, name: &str) -> Option<String> {
    let text = environment(name)?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Reads `key=value,key=value`, where values are encoded as in a URL.
fn headers(text: &str) -> HeaderMap {
    text.split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            header(pair).or_else(|| {
                ignore(
                    "a header in OTEL_EXPORTER_OTLP_HEADERS",
                    "name=value, with the value encoded as in a URL",
                )
            })
        })
        .collect()
}

fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = pair.split_once('=')?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
    let mut value = HeaderValue::from_bytes(&percent_decoded(value.trim())).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Text that is not an escape stays as it is.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|it| str::from_utf8(it).ok());
        let byte = digits
            .filter(|_| *first == b'%')
            .and_then(|it| u8::from_str_radix(it, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    bytes
}
