//! The destination of requests, and their protocol: Dynatrace or, over OTLP, perhaps a Collector.

#[cfg(feature = "otlp")]
use crate::dynatrace::config::collector::{Collector, compression};
use crate::dynatrace::config::endpoint_file::{EndpointFile, EndpointProperties};
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::options::Options;
#[cfg(feature = "otlp")]
use crate::dynatrace::config::protocol::OtlpSettings;
use crate::dynatrace::config::protocol::{Format, Protocol};
use crate::dynatrace::config::target::{Target, TargetResolver};
use crate::dynatrace::error::ConfigError;

/// The most data points that Dynatrace accepts in one request (Dynatrace documentation, "About OTLP
/// metrics ingest"). It drops all points of a larger request.
#[cfg(feature = "otlp")]
const MAX_POINTS: usize = 15_000;

/// The most bytes that Dynatrace accepts in one request: 4 MB uncompressed, less a margin in case
/// that "MB" is meant otherwise.
#[cfg(feature = "otlp")]
const MAX_BYTES: usize = 4_000_000 - 65_536;

pub(super) struct Destination {
    pub(super) protocol: Protocol,
    pub(super) target: Target,
    /// `None` for a Collector, whose address does not change.
    pub(super) resolver: Option<TargetResolver>,
    pub(super) endpoint_properties: EndpointProperties,
}

impl Destination {
    /// Finds the destination, and sets the options that depend on it.
    pub(super) fn find(
        options: &mut Options,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        match options.format {
            Format::Lines => Self::dynatrace(options, environment, Protocol::Lines),
            #[cfg(feature = "otlp")]
            Format::Otlp => Self::over_otlp(options, environment),
        }
    }

    fn dynatrace(
        options: &Options,
        environment: Environment,
        protocol: Protocol,
    ) -> Result<Self, ConfigError> {
        let resolver = TargetResolver::new(options, environment);
        let endpoint_properties = resolver
            .file()
            .map(EndpointFile::read_first)
            .unwrap_or_default();
        Ok(Self {
            protocol,
            target: resolver.target(&endpoint_properties)?,
            resolver: Some(resolver),
            endpoint_properties,
        })
    }

    /// The endpoint of the program, else the Collector in the environment, else Dynatrace as the
    /// host names it, else a Collector on this host.
    #[cfg(feature = "otlp")]
    fn over_otlp(options: &mut Options, environment: Environment) -> Result<Self, ConfigError> {
        options.max_lines_per_request = MAX_POINTS;
        options.max_bytes_per_request = MAX_BYTES;
        if options.endpoint.is_none()
            && let Some(collector) = Collector::named(environment)?
        {
            return Self::collector(options, collector);
        }
        let protocol = Protocol::Otlp(OtlpSettings::dynatrace(compression(environment)));
        let dynatrace = Self::dynatrace(options, environment, protocol)?;
        if !dynatrace.target.is_unconfigured() {
            return Ok(dynatrace);
        }
        let mut collector = Self::collector(options, Collector::on_this_host(environment)?)?;
        // A token is for Dynatrace alone and not sent, but the user may have meant something by it.
        collector.target.token_source = dynatrace.target.token_source;
        collector.endpoint_properties.read_error = dynatrace.endpoint_properties.read_error;
        Ok(collector)
    }

    /// The token of Dynatrace is not looked up: it must not reach a Collector.
    #[cfg(feature = "otlp")]
    fn collector(options: &mut Options, collector: Collector) -> Result<Self, ConfigError> {
        let has_secret = collector.has_credentials() || collector.endpoint.has_token();
        if has_secret
            && collector.endpoint.is_readable_by_others()
            && !options.allow_cleartext_token
        {
            return Err(ConfigError::CleartextToken {
                endpoint: collector.endpoint.to_string(),
            });
        }
        options.request_timeout = options.request_timeout.or(collector.timeout);
        if let Some(path) = &collector.certificate {
            let pem = std::fs::read(path).map_err(|error| ConfigError::RootCertificate {
                reason: format!("{path}: {error}"),
            })?;
            options.root_certificates.push(pem.as_slice().into());
        }
        Ok(Self {
            protocol: Protocol::Otlp(collector.settings),
            target: Target::without_token(collector.endpoint, collector.source),
            resolver: None,
            endpoint_properties: EndpointProperties::default(),
        })
    }
}

#[cfg(feature = "otlp")]
#[cfg(test)]
mod tests;
