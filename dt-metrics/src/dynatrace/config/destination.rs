//! The destination of requests, and their protocol: Dynatrace or, over OTLP, perhaps a Collector.

#[cfg(feature = "otlp")]
use crate::dynatrace::config::collector;
use crate::dynatrace::config::endpoint_file::{EndpointFile, EndpointProperties};
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::{Compression, Format, Protocol};
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
    /// Variables that are not used as they are.
    pub(super) warnings: Vec<String>,
}

impl Destination {
    /// Finds the destination, and sets the options that depend on it. Over OTLP, this is the
    /// endpoint of the program, else the Collector in the environment, else Dynatrace as the host
    /// names it, else a Collector on this host.
    pub(super) fn find(
        options: &mut Options,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        match options.format {
            Format::Lines => Self::dynatrace(options, environment, Compression::None),
            #[cfg(feature = "otlp")]
            Format::Otlp => {
                options.max_lines_per_request = MAX_POINTS;
                options.max_bytes_per_request = MAX_BYTES;
                let mut warnings = Vec::new();
                if options.endpoint.is_none()
                    && let Some(found) = collector::named(options, environment, &mut warnings)?
                {
                    return Ok(Self::collector(found, warnings));
                }
                let found_before = warnings.len();
                let compression = collector::compression(environment, &mut warnings);
                let mut dynatrace = Self::dynatrace(options, environment, compression)?;
                if !dynatrace.target.is_unconfigured() {
                    dynatrace.warnings = warnings;
                    return Ok(dynatrace);
                }
                // The Collector has its own.
                warnings.truncate(found_before);
                let found = collector::on_this_host(options, environment, &mut warnings)?;
                let mut found = Self::collector(found, warnings);
                // A token is for Dynatrace alone and not sent, but the user may have meant something
                // by it.
                found.target.token_source = dynatrace.target.token_source;
                found.endpoint_properties.read_error = dynatrace.endpoint_properties.read_error;
                Ok(found)
            }
        }
    }

    fn dynatrace(
        options: &Options,
        environment: Environment,
        compression: Compression,
    ) -> Result<Self, ConfigError> {
        let resolver = TargetResolver::new(options, environment);
        let endpoint_properties = resolver
            .file()
            .map(EndpointFile::read_first)
            .unwrap_or_default();
        Ok(Self {
            protocol: Protocol::dynatrace(options.format, compression),
            target: resolver.target(&endpoint_properties)?,
            resolver: Some(resolver),
            endpoint_properties,
            warnings: Vec::new(),
        })
    }

    #[cfg(feature = "otlp")]
    fn collector((protocol, target): (Protocol, Target), warnings: Vec<String>) -> Self {
        Self {
            protocol,
            target,
            resolver: None,
            endpoint_properties: EndpointProperties::default(),
            warnings,
        }
    }
}

#[cfg(feature = "otlp")]
#[cfg(test)]
mod tests;
