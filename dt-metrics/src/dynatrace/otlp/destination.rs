//! Where metrics go by OTLP.

use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::HeaderMap;

use super::super::ConfigError;
use super::super::config::Config;
use super::super::endpoint::{Endpoint, EndpointError};
use super::super::options::Options;
use super::super::target::{Environment, Source, Target};
use super::collector::Collector;

const LINES_PATH: &str = "/api/v2/metrics/ingest";
const BASE_PATH: &str = "/api/v2/otlp";
const METRICS_PATH: &str = "/v1/metrics";

/// One checked destination.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    /// Its target is the OTLP endpoint.
    pub(super) config: Config,
    /// For a Collector; the values are sensitive.
    pub(super) headers: HeaderMap,
    pub(super) temporality: Temporality,
    /// An endpoint of Dynatrace, which takes the token.
    pub(super) is_dynatrace: bool,
    /// Nobody said where to send.
    pub(super) is_default: bool,
}

impl Destination {
    /// What the program says, else the Collector that the environment names, else Dynatrace as the
    /// host says, else a Collector on this host.
    pub(super) fn find(options: Options, environment: Environment) -> Result<Self, ConfigError> {
        if options.endpoint.is_none()
            && let Some(collector) = Collector::named(environment)?
        {
            return Self::collector(options, collector);
        }
        let config = Config::resolve(options.clone(), environment)?;
        if config.target.is_unconfigured() {
            if let Some(doubt) = config.target.doubt() {
                tracing::warn!(target: "dt_metrics", "{doubt}");
            }
            return Self::collector(options, Collector::here(environment)?);
        }
        let target = by_otlp(config.target)?;
        let destination = Self {
            config: Config { target, ..config },
            headers: HeaderMap::new(),
            temporality: Temporality::Delta,
            is_dynatrace: true,
            is_default: false,
        };
        destination.log(
            destination.config.target.endpoint_source.describe(),
            destination.config.target.describe_token(),
        );
        Ok(destination)
    }

    fn collector(mut options: Options, collector: Collector) -> Result<Self, ConfigError> {
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
        options.endpoint = Some(collector.endpoint.url().as_str().into());
        if let Some(timeout) = collector.timeout {
            options.request_timeout = timeout;
        }
        if let Some(path) = &collector.certificate {
            let pem = std::fs::read(path).map_err(|error| ConfigError::RootCertificate {
                reason: format!("{path}: {error}"),
            })?;
            options.root_certificates.push(pem.as_slice().into());
        }
        let mut config = Config::resolve(options, &|_| None)?;
        config.target.token = None;
        config.target.token_source = None;
        let destination = Self {
            config,
            headers: collector.headers,
            temporality: collector.temporality,
            is_dynatrace: false,
            is_default: collector.source.is_none(),
        };
        destination.log(collector.source.unwrap_or("the default"), "none");
        Ok(destination)
    }

    /// Says once what was chosen, and why.
    fn log(&self, endpoint_source: &str, token_source: &str) {
        tracing::info!(
            target: "dt_metrics",
            endpoint = %self.config.target.endpoint,
            endpoint_source,
            token_source,
            headers = self.headers.len(),
            "sending metrics by OTLP"
        );
    }

    /// The target as the file of the host has it by now, if that matters and is another.
    pub(super) fn renewed(&self) -> Option<Target> {
        if !self.is_dynatrace {
            return None;
        }
        let found = self.config.finder.file()?.read().ok()?;
        let target = self.config.finder.target(&found).ok()?;
        if target.endpoint_source == Source::OneAgentDefault {
            return None;
        }
        by_otlp(target).ok()
    }
}

/// The same place by its other path.
fn by_otlp(mut target: Target) -> Result<Target, ConfigError> {
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
