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
        let temporality = valid(
            value(environment, TEMPORALITY),
            TEMPORALITY,
            "delta, cumulative or lowmemory",
            |text| text.parse().ok(),
        );
        let timeout = valid(
            of_metrics(environment, "TIMEOUT"),
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "milliseconds, as in 10000",
            |text| text.parse().ok().filter(|&millis| millis > 0),
        );
        Ok(Self {
            endpoint,
            source,
            timeout: timeout.map(Duration::from_millis),
            certificate: of_metrics(environment, "CERTIFICATE"),
            settings: OtlpSettings {
                headers: headers(&of_metrics(environment, "HEADERS").unwrap_or_default()),
                temporality: temporality.unwrap_or(Temporality::Delta),
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

/// The compression for a Collector or for Dynatrace.
pub(super) fn compression(environment: Environment) -> Compression {
    let variable = "OTEL_EXPORTER_OTLP_COMPRESSION";
    let text = of_metrics(environment, "COMPRESSION");
    let compression = valid(text, variable, "gzip or none", |text| match text {
        "gzip" => Some(Compression::Gzip),
        "none" => Some(Compression::None),
        _ => None,
    });
    compression.unwrap_or(Compression::None)
}

/// The parsed value of a variable. An invalid one is ignored with a warning, which does not show the
/// value: it may be a secret.
fn valid<T>(
    text: Option<String>,
    variable: &str,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let value = parse(&text?);
    if value.is_none() {
        tracing::warn!(
            target: "dt_metrics",
            "ignoring {variable}, which is invalid: use {expected}"
        );
    }
    value
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
            valid(
                Some(pair.to_owned()),
                "a header in OTEL_EXPORTER_OTLP_HEADERS",
                "name=value, with the value encoded as in a URL",
                header,
            )
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
