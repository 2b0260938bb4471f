//! From what the program set and what the host offers to one checked configuration.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::endpoint_file::{EndpointFile, Found};
use super::event::Watcher;
use super::format::Format;
use super::instance;
use super::keeper::SpoolConfig;
use super::keys::RESERVED;
use super::options::Options;
use super::origin::{INSTANCE_ID, Pairs};
use super::protocol::Protocol;
use super::sets::{METRICS_SOURCE, as_layer};
use super::target::{Environment, Finder, Target};
use super::tls;
use super::{ConfigError, DeliveryGuarantee};
use crate::line::{self, Dimensions, MetricKey};

/// How long a request may take, if nobody says.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// All that an exporter needs to know, checked.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) protocol: Protocol,
    pub(super) finder: Finder,
    /// What the file of the host said at the start.
    pub(super) found: Found,
    pub(super) target: Target,
    /// Trusted besides those of the platform.
    pub(super) root_certificates: Vec<CertificateDer<'static>>,
    pub(super) prefix: Option<String>,
    pub(super) default_dimensions: Pairs,
    pub(super) resource_dimensions: Vec<String>,
    pub(super) host_dimensions: Pairs,
    /// The id of this process, if it is to be a dimension.
    pub(super) instance: Option<String>,
    pub(super) zero_counts: bool,
    pub(super) ambiguous: DeliveryGuarantee,
    pub(super) watcher: Watcher,
    pub(super) request_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) max_lines_per_request: usize,
    pub(super) max_bytes_per_request: usize,
    pub(super) buffer_limit_bytes: usize,
    pub(super) spool: Option<SpoolConfig>,
}

impl Config {
    pub(super) fn resolve(options: Options, environment: Environment) -> Result<Self, ConfigError> {
        match options.format {
            Format::Lines => Self::for_lines(options, environment),
            #[cfg(feature = "otlp")]
            Format::Otlp => super::otlp::configure(options, environment),
        }
    }

    /// One that sends lines.
    pub(super) fn for_lines(
        options: Options,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        check_limits(&options)?;
        let request_timeout = options.request_timeout.unwrap_or(REQUEST_TIMEOUT);
        let finder = Finder::new(&options, environment);
        let found = finder
            .file()
            .map(EndpointFile::read_first)
            .unwrap_or_default();
        let target = finder.target(&found)?;
        let root_certificates = tls::certificates(&options.root_certificates)?;

        let enriched = options
            .dynatrace_metadata
            .unwrap_or_else(|| target.endpoint.is_one_agent());
        let host_dimensions = if enriched {
            options.metadata_files.read()
        } else {
            Pairs::new()
        };
        let instance = options.instance_dimension.then(instance::id);
        let default_dimensions = options.default_dimensions;
        check_dimensions(&default_dimensions, &host_dimensions, instance.as_deref())?;

        Ok(Self {
            protocol: Protocol::Lines,
            finder,
            found,
            target,
            root_certificates,
            prefix: check_prefix(options.prefix)?,
            default_dimensions,
            resource_dimensions: options.resource_dimensions,
            host_dimensions,
            instance,
            zero_counts: options.zero_counts,
            ambiguous: options.ambiguous,
            watcher: options.watcher,
            request_timeout,
            // Shorter, so that a host that does not connect is not taken for one that may have
            // accepted lines.
            connect_timeout: options.connect_timeout.unwrap_or(request_timeout / 2),
            max_lines_per_request: options.max_lines_per_request,
            // A single request must fit the buffer.
            max_bytes_per_request: options
                .max_bytes_per_request
                .min(options.buffer_limit_bytes),
            buffer_limit_bytes: options.buffer_limit_bytes,
            spool: options.spool_dir.map(|path| SpoolConfig {
                path,
                limit_bytes: options.spool_limit_bytes,
            }),
        })
    }

    /// Where to send, if the file of the host says this.
    pub(super) fn target(&self, found: &Found) -> Result<Target, ConfigError> {
        let target = self.finder.target(found)?;
        match self.protocol {
            Protocol::Lines => Ok(target),
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) => super::otlp::by_otlp(target),
        }
    }

    /// Says once what was chosen, and why; the spool only if there is one.
    pub(super) fn log(&self, spool: Option<&Path>) {
        let target = &self.target;
        tracing::info!(
            target: "dt_metrics",
            endpoint = %target.endpoint,
            endpoint_source = target.endpoint_source.describe(),
            token_source = target.describe_token(),
            host_dimensions = self.host_dimensions.len(),
            spool = spool.map(|path| tracing::field::display(path.display())),
            headers = self.protocol.headers().len(),
            "sending metrics {}",
            self.protocol.describe()
        );
        if let Some(doubt) = self.doubt() {
            tracing::warn!(target: "dt_metrics", "{doubt}");
        }
    }

    /// What is probably not meant.
    pub(super) fn doubt(&self) -> Option<String> {
        match self.protocol {
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) if self.target.endpoint.url().path() == "/" => Some(format!(
                "the endpoint {} has no path: that of a Collector is /v1/metrics",
                self.target.endpoint
            )),
            _ => self.target.doubt(),
        }
    }
}

fn check_limits(options: &Options) -> Result<(), ConfigError> {
    for (option, zero) in [
        (
            "request_timeout",
            options.request_timeout.is_some_and(|time| time.is_zero()),
        ),
        (
            "connect_timeout",
            options.connect_timeout.is_some_and(|time| time.is_zero()),
        ),
        ("max_lines_per_request", options.max_lines_per_request == 0),
        ("max_bytes_per_request", options.max_bytes_per_request == 0),
        ("buffer_limit_bytes", options.buffer_limit_bytes == 0),
        ("spool_limit_bytes", options.spool_limit_bytes == 0),
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
    let is_reserved = |key: &str| format!("{key}.").starts_with(RESERVED);
    let reason = match line::check_metric_key(key) {
        Ok(()) if !is_reserved(key) => return Ok(Some(key.into())),
        Ok(()) => "keys that begin with `dt.` are reserved by Dynatrace; choose another",
        Err(invalid) => invalid.message(),
    };
    let suggestion = MetricKey::new(key)
        .map(|key| key.as_str().to_owned())
        .filter(|key| !is_reserved(key));
    Err(ConfigError::Prefix {
        reason,
        suggestion,
        prefix,
    })
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
            suggestion: line::normalize_dimension_key(key).map(Cow::into_owned),
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
