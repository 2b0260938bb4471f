//! A Collector, as OpenTelemetry's environment variables describe it ("OpenTelemetry Protocol
//! Exporter" in its specification).

use std::path::PathBuf;
use std::time::Duration;

use opentelemetry_sdk::metrics::Temporality;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::dynatrace::config::certificates::certificates_of;
use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::{Compression, Format, Protocol};
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::target::{Target, unusable};
use crate::dynatrace::config::unquoted::unquoted;
use crate::dynatrace::error::ConfigError;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
const METRICS_TIMEOUT: &str = "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT";
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";

/// Where a Collector on this host listens.
const DEFAULT: &str = "http://localhost:4318/v1/metrics";

/// Parts of header names that suggest credentials.
const CREDENTIALS: [&str; 5] = ["auth", "token", "key", "secret", "cookie"];

/// The Collector that the environment names, if it names one, and the protocol for it.
pub(super) fn named(
    options: &mut Options,
    environment: Environment,
    warnings: &mut Vec<String>,
) -> Result<Option<(Protocol, Target)>, ConfigError> {
    let metrics = value(environment, METRICS_ENDPOINT).map(|(_, url)| (METRICS_ENDPOINT, url));
    let all = value(environment, ENDPOINT).map(|(_, url)| (ENDPOINT, of_base(&url)));
    for (name, url) in metrics.into_iter().chain(all) {
        match Endpoint::parse(&url) {
            Ok(endpoint) => {
                let source = Source::Environment(name);
                return at(endpoint, source, options, environment, warnings).map(Some);
            }
            Err(reason) => warnings.push(format!("ignoring {name}, which is not usable: {reason}")),
        }
    }
    Ok(None)
}

/// The endpoint for metrics below the base of the endpoints for all signals. Some people give the
/// endpoint of one signal as the base.
fn of_base(url: &str) -> String {
    let (base, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let base = base.trim_end_matches('/');
    let base = ["/v1/metrics", "/v1/traces", "/v1/logs"]
        .iter()
        .find_map(|signal| base.strip_suffix(signal))
        .unwrap_or(base)
        .trim_end_matches('/');
    format!("{base}/v1/metrics{query}")
}

/// The Collector that may be on this host, and the protocol for it.
pub(super) fn on_this_host(
    options: &mut Options,
    environment: Environment,
    warnings: &mut Vec<String>,
) -> Result<(Protocol, Target), ConfigError> {
    let source = Source::Default;
    let endpoint = Endpoint::parse(DEFAULT).map_err(|error| unusable(source, error))?;
    at(endpoint, source, options, environment, warnings)
}

/// Sets the options that the environment has for a Collector. The token of Dynatrace is not looked
/// up: it must not reach a Collector.
fn at(
    endpoint: Endpoint,
    source: Source,
    options: &mut Options,
    environment: Environment,
    warnings: &mut Vec<String>,
) -> Result<(Protocol, Target), ConfigError> {
    warnings.extend(unsupported(environment));
    let (_, text) = of_metrics(environment, "HEADERS").unwrap_or_default();
    let headers = headers(&text, warnings);
    let has_secret = endpoint.has_token() || headers.keys().any(is_credential);
    if has_secret && endpoint.is_readable_by_others() && !options.allow_cleartext_token {
        return Err(ConfigError::CleartextToken {
            endpoint: endpoint.to_string(),
        });
    }
    let temporality = valid(
        value(environment, TEMPORALITY),
        "delta, cumulative or lowmemory",
        |text| text.parse().ok(),
        warnings,
    );
    let timeout = valid(
        of_metrics(environment, "TIMEOUT"),
        "milliseconds, as in 10000",
        |text| text.parse().ok().filter(|&millis| millis > 0),
        warnings,
    );
    if let (None, Some(timeout)) = (options.request_timeout, timeout) {
        options.request_timeout = Some(Duration::from_millis(timeout));
        let is_of_metrics = value(environment, METRICS_TIMEOUT).is_some();
        let name = if is_of_metrics {
            METRICS_TIMEOUT
        } else {
            TIMEOUT
        };
        options
            .sources
            .insert("request_timeout", Source::Environment(name));
    }
    if let Some((name, path)) = of_metrics(environment, "CERTIFICATE") {
        let path = PathBuf::from(path);
        match certificates_of(&path) {
            Ok(_) => options.root_certificate_file = Some(path),
            Err(ConfigError::RootCertificate { reason }) => {
                warnings.push(format!("ignoring {name}, which is not usable: {reason}"));
            }
            Err(error) => return Err(error),
        }
    }
    let protocol = Protocol {
        format: Format::Otlp,
        headers,
        temporality: temporality.unwrap_or(Temporality::Delta),
        is_for_collector: true,
        compression: compression(environment, warnings),
    };
    Ok((protocol, Target::without_token(endpoint, source)))
}

/// Whether a header with this name authenticates this sender.
fn is_credential(name: &HeaderName) -> bool {
    CREDENTIALS.iter().any(|part| name.as_str().contains(part))
}

/// Settings that have no effect here.
fn unsupported(environment: Environment) -> impl Iterator<Item = String> {
    let protocol = of_metrics(environment, "PROTOCOL").filter(|(_, it)| it != "http/protobuf");
    let protocol = protocol.map(|(name, other)| {
        format!(
            "{name} is {other:?}, but metrics are sent with \"http/protobuf\", which every receiver \
             of OTLP over HTTP accepts: use its port for HTTP, usually 4318"
        )
    });
    let certificate = of_metrics(environment, "CLIENT_CERTIFICATE");
    let certificate = certificate
        .map(|(name, _)| format!("ignoring {name}: client certificates are not supported"));
    protocol.into_iter().chain(certificate)
}

/// The compression for a Collector or for Dynatrace.
pub(super) fn compression(environment: Environment, warnings: &mut Vec<String>) -> Compression {
    let variable = of_metrics(environment, "COMPRESSION");
    let parse = |text: &str| match text {
        "gzip" => Some(Compression::Gzip),
        "none" => Some(Compression::None),
        _ => None,
    };
    valid(variable, "gzip or none", parse, warnings).unwrap_or(Compression::None)
}

/// The parsed value of a variable. An invalid one is ignored with a warning, which does not show the
/// value: it may be a secret.
fn valid<T>(
    variable: Option<(String, String)>,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
    warnings: &mut Vec<String>,
) -> Option<T> {
    let (name, text) = variable?;
    let value = parse(&text);
    if value.is_none() {
        warnings.push(format!("ignoring {name}, which is invalid: use {expected}"));
    }
    value
}

/// The variable for metrics, else the one for all signals, and its value.
fn of_metrics(environment: Environment, name: &str) -> Option<(String, String)> {
    value(environment, &format!("OTEL_EXPORTER_OTLP_METRICS_{name}"))
        .or_else(|| value(environment, &format!("OTEL_EXPORTER_OTLP_{name}")))
}

/// A variable and its value without quotes; `None` if it is blank.
fn value(environment: Environment, name: &str) -> Option<(String, String)> {
    let text = environment(name)?;
    Some((name.to_owned(), unquoted(&text)?.to_owned()))
}

/// Reads `key=value,key=value`, where values are encoded as in a URL.
fn headers(text: &str, warnings: &mut Vec<String>) -> HeaderMap {
    text.split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let pair = ("a header in OTEL_EXPORTER_OTLP_HEADERS".into(), pair.into());
            let expected = "name=value, with the value encoded as in a URL";
            valid(Some(pair), expected, header, warnings)
        })
        .collect()
}

fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = pair.split_once('=')?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
    // Text that is not an escape stays as it is.
    let value: Vec<u8> = percent_decode_str(value.trim()).collect();
    let mut value = HeaderValue::from_bytes(&value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
