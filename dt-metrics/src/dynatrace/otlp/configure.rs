//! Where metrics go by OTLP.

use std::path::Path;

use super::super::ConfigError;
use super::super::config::Config;
use super::super::endpoint::{Endpoint, EndpointError};
use super::super::endpoint_file::EndpointFile;
use super::super::options::Options;
use super::super::protocol::Protocol;
use super::super::target::{Environment, Target};
use super::collector::{Collector, compression};
use super::receiver::Receiver;

const LINES_PATH: &str = "/api/v2/metrics/ingest";
const BASE_PATH: &str = "/api/v2/otlp";
const METRICS_PATH: &str = "/v1/metrics";

/// The most data points that Dynatrace takes in one request (Dynatrace documentation, "About OTLP
/// metrics ingest"); of one with more it drops all.
const MAX_POINTS: usize = 15_000;

/// The same for bytes, 4 MB uncompressed; the rest is room for a reading of "MB" that is not ours.
const MAX_BYTES: usize = 4_000_000 - 65_536;

/// What the program says, else the Collector that the environment names, else Dynatrace as the
/// host says, else a Collector on this host.
pub(in crate::dynatrace) fn configure(
    mut options: Options,
    environment: Environment,
) -> Result<Config, ConfigError> {
    options.max_lines_per_request = MAX_POINTS;
    options.max_bytes_per_request = MAX_BYTES;
    if options.endpoint.is_none()
        && let Some(collector) = Collector::named(environment)?
    {
        return to_collector(options, collector);
    }
    let mut config = Config::for_lines(options.clone(), environment)?;
    if config.target.is_unconfigured() {
        let (unused, trouble) = (config.target.token_source, config.found.trouble);
        let mut config = to_collector(options, Collector::here(environment)?)?;
        // It is for Dynatrace alone, but was probably meant for something.
        config.target.token_source = unused;
        config.found.trouble = trouble;
        return Ok(config);
    }
    config.target = by_otlp(config.target)?;
    config.protocol = Protocol::Otlp(Receiver::dynatrace(compression(environment)));
    Ok(config)
}

fn to_collector(mut options: Options, collector: Collector) -> Result<Config, ConfigError> {
    if collector.has_credentials()
        && collector.endpoint.is_readable_by_others()
        && !options.allow_cleartext_token
    {
        return Err(ConfigError::CleartextToken {
            endpoint: collector.endpoint.to_string(),
        });
    }
    // Dynatrace's token is for Dynatrace alone, wherever it would be found.
    options.api_token = None;
    options.endpoint_file = EndpointFile::none();
    options.endpoint = Some(collector.endpoint.url().as_str().into());
    options.request_timeout = options.request_timeout.or(collector.timeout);
    if let Some(path) = &collector.certificate {
        options
            .root_certificates
            .push(read(path)?.as_slice().into());
    }
    let mut config = Config::for_lines(options, &|_| None)?;
    config.target.endpoint_source = collector.source;
    config.protocol = Protocol::Otlp(Receiver {
        headers: collector.headers,
        temporality: collector.temporality,
        is_dynatrace: false,
        compression: collector.compression,
    });
    Ok(config)
}

fn read(path: &str) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(Path::new(path)).map_err(|error| ConfigError::RootCertificate {
        reason: format!("{path}: {error}"),
    })
}

/// The same place by its other path.
pub(in crate::dynatrace) fn by_otlp(mut target: Target) -> Result<Target, ConfigError> {
    let url = target.endpoint.url();
    let path = url.path().trim_end_matches('/');
    let path = if path.ends_with(METRICS_PATH) {
        path.to_owned()
    } else if path.ends_with(BASE_PATH) {
        format!("{path}{METRICS_PATH}")
    } else if let Some(environment) = environment_of(path) {
        format!("{environment}{BASE_PATH}{METRICS_PATH}")
    } else {
        return Err(ConfigError::Endpoint {
            origin: target.endpoint_source.describe(),
            source: EndpointError::NotOtlp,
        });
    };
    let mut url = url.clone();
    url.set_path(&path);
    target.endpoint = Endpoint::parse(url.as_str()).map_err(|source| ConfigError::Endpoint {
        origin: target.endpoint_source.describe(),
        source,
    })?;
    Ok(target)
}

/// The path of an environment: none, or `/e/…` on an ActiveGate.
fn environment_of(path: &str) -> Option<&str> {
    let path = path.strip_suffix(LINES_PATH).unwrap_or(path);
    let id = path.strip_prefix("/e/").filter(|id| !id.is_empty());
    (path.is_empty() || id.is_some_and(|id| !id.contains('/'))).then_some(path)
}
