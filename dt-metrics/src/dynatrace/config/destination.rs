//! The destination of requests, and their protocol: Dynatrace or, over OTLP, perhaps a Collector.

#[cfg(feature = "otlp")]
use crate::dynatrace::config::collector;
use crate::dynatrace::config::endpoint_file::{EndpointFile, EndpointProperties};
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::{Compression, Format, Protocol};
#[cfg(feature = "otlp")]
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::target::{Target, TargetResolver};
use crate::dynatrace::error::ConfigError;
#[cfg(feature = "otlp")]
use crate::dynatrace::error::EndpointError;

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
                let mut warnings = Vec::new();
                if Self::is_for_lines_only(options, environment, &mut warnings) {
                    let mut found = Self::dynatrace(options, environment, Compression::None)?;
                    found.warnings.extend(warnings);
                    return Ok(found);
                }
                options.max_lines_per_request = Some(MAX_POINTS);
                options.max_bytes_per_request = MAX_BYTES;
                let resolver = TargetResolver::new(options, environment, &mut Vec::new());
                if !resolver.is_explicit()
                    && let Some(found) = collector::named(options, environment, &mut warnings)?
                {
                    return Ok(Self::collector(found, warnings));
                }
                let found_before = warnings.len();
                let compression = collector::compression(environment, &mut warnings);
                let mut dynatrace = Self::dynatrace(options, environment, compression)?;
                if !dynatrace.target.is_unconfigured() {
                    dynatrace.warnings.extend(warnings);
                    return Ok(dynatrace);
                }
                // The Collector has its own.
                warnings.truncate(found_before);
                let found = collector::on_this_host(options, environment, &mut warnings)?;
                let mut found = Self::collector(found, warnings);
                found.warnings.extend(dynatrace.warnings);
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
        let mut ignored = Vec::new();
        let resolver = TargetResolver::new(options, environment, &mut ignored);
        let endpoint_properties = resolver
            .file()
            .map(EndpointFile::read_first)
            .unwrap_or_default();
        let target = resolver.target(&endpoint_properties)?;
        let ignored = ignored.iter().map(|ignored| ignored.warning(&target));
        Ok(Self {
            protocol: Protocol::dynatrace(options.format, compression),
            warnings: ignored.collect(),
            target,
            resolver: Some(resolver),
            endpoint_properties,
        })
    }

    /// Whether the program's endpoint accepts lines only, although the environment chooses OTLP.
    /// Metrics are then sent as lines: an environment is set without knowledge of the program's
    /// options.
    #[cfg(feature = "otlp")]
    fn is_for_lines_only(
        options: &mut Options,
        environment: Environment,
        warnings: &mut Vec<String>,
    ) -> bool {
        let Source::Environment(variable) = options.source("otlp") else {
            return false;
        };
        let resolver = TargetResolver::new(options, environment, &mut Vec::new());
        let found = resolver.target(&EndpointProperties::default());
        let is_wrong = matches!(
            found,
            Err(ConfigError::Endpoint {
                source: EndpointError::NotOtlp,
                ..
            })
        );
        if options.endpoint.is_none() || !is_wrong {
            return false;
        }
        options.format = Format::Lines;
        warnings.push(format!(
            "ignoring the choice of OTLP in {variable}, since the endpoint that the program sets \
             does not accept OTLP: metrics are sent as lines; give the program an endpoint for OTLP"
        ));
        true
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
