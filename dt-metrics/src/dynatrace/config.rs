//! From what the program set and what the host offers to one checked configuration.

use std::time::Duration;

use secrecy::SecretString;

use super::credentials::Token;
use super::endpoint::{Endpoint, ONE_AGENT_URL};
use super::event::Watcher;
use super::instance;
use super::keys::RESERVED;
use super::options::Options;
use super::origin::{INSTANCE_ID, Pairs};
use super::sets::{METRICS_SOURCE, as_layer};
use super::{AmbiguousDelivery, ConfigError};
use crate::line::{self, Dimensions};

const URL_VARIABLE: &str = "DT_METRICS_INGEST_URL";
const TOKEN_VARIABLE: &str = "DT_METRICS_INGEST_API_TOKEN";

/// The environment variables, or what a test puts in their place.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of the process. What is not Unicode is seen as not valid later on, not as unset.
pub(super) fn process_environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    Program,
    Environment(&'static str),
    /// Nothing was configured: a OneAgent may be there.
    OneAgentDefault,
}

impl Source {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Program => "the program",
            Self::Environment(variable) => variable,
            Self::OneAgentDefault => "default",
        }
    }
}

/// All that an exporter needs to know, checked.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) endpoint: Endpoint,
    pub(super) endpoint_source: Source,
    pub(super) token: Option<Token>,
    pub(super) token_source: Option<Source>,
    pub(super) prefix: Option<String>,
    pub(super) default_dimensions: Pairs,
    pub(super) resource_dimensions: Vec<String>,
    pub(super) host_dimensions: Pairs,
    /// The id of this process, if it is to be a dimension.
    pub(super) instance: Option<String>,
    pub(super) zero_counts: bool,
    pub(super) ambiguous: AmbiguousDelivery,
    pub(super) watcher: Watcher,
    pub(super) request_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) max_lines_per_request: usize,
    pub(super) max_bytes_per_request: usize,
    pub(super) buffer_limit_bytes: usize,
}

impl Config {
    pub(super) fn resolve(options: Options, environment: Environment) -> Result<Self, ConfigError> {
        check_limits(&options)?;
        let variable = |name| environment(name).filter(|value| !value.trim().is_empty());

        // The properties file of the Kubernetes operator goes between the environment and the
        // OneAgent, here and for the token below.
        let (text, endpoint_source) = match (options.endpoint, variable(URL_VARIABLE)) {
            (Some(text), _) => (text, Source::Program),
            (None, Some(text)) => (text, Source::Environment(URL_VARIABLE)),
            (None, None) => (ONE_AGENT_URL.into(), Source::OneAgentDefault),
        };
        let endpoint = Endpoint::parse(&text).map_err(|source| ConfigError::Endpoint {
            origin: endpoint_source.describe(),
            source,
        })?;

        let found = match options.api_token {
            Some(text) => Some((text, Source::Program)),
            None => variable(TOKEN_VARIABLE).map(|text| {
                (
                    SecretString::from(text),
                    Source::Environment(TOKEN_VARIABLE),
                )
            }),
        };
        let token_source = found.as_ref().map(|(_, source)| *source);
        let token = found
            .map(|(text, source)| {
                Token::new(&text).map_err(|reason| ConfigError::Token {
                    origin: source.describe(),
                    reason,
                })
            })
            .transpose()?
            // A OneAgent needs none, so it gets none.
            .filter(|_| !endpoint.is_one_agent());

        let readable = !endpoint.is_https() && !endpoint.is_loopback();
        if token.is_some() && readable && !options.allow_cleartext_token {
            return Err(ConfigError::CleartextToken {
                endpoint: endpoint.to_string(),
            });
        }

        let enriched = options
            .dynatrace_metadata
            .unwrap_or_else(|| endpoint.is_one_agent());
        let host_dimensions = if enriched {
            options.metadata_files.read()
        } else {
            Pairs::new()
        };
        let instance = options.instance_dimension.then(instance::id);
        let default_dimensions = options.default_dimensions;
        check_dimensions(&default_dimensions, &host_dimensions, instance.as_deref())?;

        Ok(Self {
            endpoint,
            endpoint_source,
            token,
            token_source,
            prefix: check_prefix(options.prefix)?,
            default_dimensions,
            resource_dimensions: options.resource_dimensions,
            host_dimensions,
            instance,
            zero_counts: options.zero_counts,
            ambiguous: options.ambiguous,
            watcher: options.watcher,
            request_timeout: options.request_timeout,
            // Shorter, so that a host that does not connect is not taken for one that may have
            // accepted lines.
            connect_timeout: options
                .connect_timeout
                .unwrap_or(options.request_timeout / 2),
            max_lines_per_request: options.max_lines_per_request,
            // A single request must fit the buffer.
            max_bytes_per_request: options
                .max_bytes_per_request
                .min(options.buffer_limit_bytes),
            buffer_limit_bytes: options.buffer_limit_bytes,
        })
    }

    /// Whether nobody said where to send, so that an absent OneAgent is no fault.
    pub(super) fn is_unconfigured(&self) -> bool {
        self.endpoint_source == Source::OneAgentDefault
    }

    /// Says once what was chosen, and why.
    pub(super) fn log(&self) {
        let token = match (&self.token, self.token_source) {
            (Some(_), Some(source)) => source.describe(),
            (None, Some(_)) => "not sent to a OneAgent",
            (_, None) => "none",
        };
        tracing::info!(
            target: "dt_metrics",
            endpoint = %self.endpoint,
            endpoint_source = self.endpoint_source.describe(),
            token_source = token,
            host_dimensions = self.host_dimensions.len(),
            "sending metrics to Dynatrace"
        );
        if self.is_unconfigured() && self.token_source.is_some() {
            tracing::warn!(
                target: "dt_metrics",
                "a token is given but no endpoint: set {URL_VARIABLE} or `endpoint`"
            );
        }
    }
}

fn check_limits(options: &Options) -> Result<(), ConfigError> {
    for (option, zero) in [
        ("request_timeout", options.request_timeout.is_zero()),
        (
            "connect_timeout",
            options.connect_timeout.is_some_and(|time| time.is_zero()),
        ),
        ("max_lines_per_request", options.max_lines_per_request == 0),
        ("max_bytes_per_request", options.max_bytes_per_request == 0),
        ("buffer_limit_bytes", options.buffer_limit_bytes == 0),
    ] {
        if zero {
            return Err(ConfigError::Zero { option });
        }
    }
    Ok(())
}

/// A dot at the end, as some write it, and an empty prefix are what they look like.
fn check_prefix(prefix: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) else {
        return Ok(None);
    };
    let key = prefix.strip_suffix('.').unwrap_or(&prefix);
    let reason = match line::check_metric_key(key) {
        Ok(()) if !format!("{key}.").starts_with(RESERVED) => return Ok(Some(key.into())),
        Ok(()) => "keys that begin with `dt.` are reserved by Dynatrace",
        Err(invalid) => invalid.message(),
    };
    Err(ConfigError::Prefix { reason, prefix })
}

/// Keys that can be sent, and room for the dimensions of a measurement. Those of the resource are
/// not known yet, but for the instance.
fn check_dimensions(
    defaults: &Pairs,
    host: &Pairs,
    instance: Option<&str>,
) -> Result<(), ConfigError> {
    for (key, _) in defaults {
        line::check_dimension_key(key).map_err(|invalid| ConfigError::DefaultDimension {
            key: key.clone(),
            reason: invalid.message(),
        })?;
    }
    let found = [METRICS_SOURCE]
        .into_iter()
        .chain(instance.map(|id| (INSTANCE_ID, id)));
    let layers = [found.collect(), as_layer(defaults), as_layer(host)];
    let count = match Dimensions::from_layers(&layers.each_ref().map(|layer| &**layer)) {
        Ok(dimensions) => dimensions.len(),
        Err(line::TooManyDimensions(count)) => count,
    };
    if count >= line::limits::MAX_DIMENSIONS {
        return Err(ConfigError::TooManyDefaultDimensions {
            count,
            host: host.len(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
