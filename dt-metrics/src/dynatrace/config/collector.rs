//! A Collector, as OpenTelemetry's environment variables describe it ("OpenTelemetry Protocol
//! Exporter" in its specification).

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::receiver::Compression;
use crate::dynatrace::config::target::Source;
use crate::dynatrace::error::ConfigError;
use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";

/// Where a Collector on this host listens.
const DEFAULT: &str = "http://localhost:4318/v1/metrics";

/// What the variables say.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) endpoint: Endpoint,
    /// Who says so.
    pub(crate) source: Source,
    /// All of them sensitive.
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Option<Duration>,
    /// A file of certificates to trust.
    pub(crate) certificate: Option<String>,
    pub(crate) temporality: Temporality,
    pub(crate) compression: Compression,
}

impl Collector {
    /// The one that is named, if any is.
    pub(crate) fn named(environment: Environment) -> Result<Option<Self>, ConfigError> {
        let (name, text) = if let Some(text) = value(environment, METRICS_ENDPOINT) {
            (METRICS_ENDPOINT, text)
        } else if let Some(text) = value(environment, ENDPOINT) {
            // The base of the endpoints for all signals.
            let (base, query) = text.split_once('?').unwrap_or((&text, ""));
            let separator = if query.is_empty() { "" } else { "?" };
            let base = base.trim_end_matches('/');
            (ENDPOINT, format!("{base}/v1/metrics{separator}{query}"))
        } else {
            return Ok(None);
        };
        Self::at(environment, &text, Source::Environment(name)).map(Some)
    }

    /// The one that may be on this host.
    pub(crate) fn here(environment: Environment) -> Result<Self, ConfigError> {
        Self::at(environment, DEFAULT, Source::CollectorDefault)
    }

    fn at(environment: Environment, endpoint: &str, source: Source) -> Result<Self, ConfigError> {
        let endpoint = Endpoint::parse(endpoint).map_err(|error| ConfigError::Endpoint {
            origin: source.describe(),
            source: error,
        })?;
        warn_of_other_protocols(environment);
        warn_of_client_certificates(environment);
        let timeout = of_metrics(environment, "TIMEOUT");
        let temporality = value(environment, TEMPORALITY);
        Ok(Self {
            endpoint,
            source,
            headers: headers(&of_metrics(environment, "HEADERS").unwrap_or_default()),
            timeout: timeout.and_then(|text| {
                let timeout = text.parse().map(Duration::from_millis).ok();
                timeout
                    .filter(|timeout| !timeout.is_zero())
                    .or_else(|| unusable("OTEL_EXPORTER_OTLP_TIMEOUT", "milliseconds, as in 10000"))
            }),
            certificate: of_metrics(environment, "CERTIFICATE"),
            temporality: temporality
                .and_then(|text| {
                    let known = text.parse().ok();
                    known.or_else(|| unusable(TEMPORALITY, "delta, cumulative or lowmemory"))
                })
                .unwrap_or(Temporality::Delta),
            compression: compression(environment),
        })
    }

    /// A header that says who sends.
    pub(crate) fn has_credentials(&self) -> bool {
        self.headers.keys().any(|name| {
            let name = name.as_str();
            ["auth", "token", "key", "secret", "cookie"]
                .iter()
                .any(|word| name.contains(word))
        })
    }
}

fn warn_of_other_protocols(environment: Environment) {
    if let Some(other) = of_metrics(environment, "PROTOCOL")
        && other != "http/protobuf"
    {
        tracing::warn!(
            target: "dt_metrics",
            "OTEL_EXPORTER_OTLP_PROTOCOL asks for {other:?}; metrics are sent with \
             \"http/protobuf\", which every receiver of OTLP over HTTP takes"
        );
    }
}

/// What is not understood is as good as not set, but said. The value is not: it may be a secret.
fn unusable<T>(variable: &str, expected: &str) -> Option<T> {
    tracing::warn!(
        target: "dt_metrics",
        "{variable} is not understood and left out: it is {expected}"
    );
    None
}

fn warn_of_client_certificates(environment: Environment) {
    if of_metrics(environment, "CLIENT_CERTIFICATE").is_some() {
        tracing::warn!(
            target: "dt_metrics",
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is left out: client certificates are not \
             supported"
        );
    }
}

/// Not only for a Collector.
pub(crate) fn compression(environment: Environment) -> Compression {
    match of_metrics(environment, "COMPRESSION").as_deref() {
        Some("gzip") => Compression::Gzip,
        None | Some("none") => Compression::None,
        Some(other) => {
            tracing::warn!(
                target: "dt_metrics",
                "OTEL_EXPORTER_OTLP_COMPRESSION asks for {other:?}; metrics are sent without \
                 compression: what is known are \"gzip\" and \"none\""
            );
            Compression::None
        }
    }
}

/// The variable for metrics, else the one for all signals.
fn of_metrics(environment: Environment, name: &str) -> Option<String> {
    value(environment, &format!("OTEL_EXPORTER_OTLP_METRICS_{name}"))
        .or_else(|| value(environment, &format!("OTEL_EXPORTER_OTLP_{name}")))
}

/// An empty one is as good as none.
fn value(environment: Environment, name: &str) -> Option<String> {
    let text = environment(name)?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// `key=value,key=value`, values as in a URL.
fn headers(text: &str) -> HeaderMap {
    let pairs = text.split(',').map(str::trim);
    pairs
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            header(pair).or_else(|| {
                unusable(
                    "a header of OTEL_EXPORTER_OTLP_HEADERS",
                    "name=value, the value encoded as in a URL",
                )
            })
        })
        .collect()
}

fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = pair.split_once('=')?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
    let mut value = HeaderValue::from_bytes(&decoded(value.trim())).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// What is no escape stays as it is.
fn decoded(text: &str) -> Vec<u8> {
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
