//! From what the program set and what the host offers to one checked configuration.

pub(crate) mod builder;
pub(crate) mod certificates;
#[cfg(feature = "otlp")]
pub(crate) mod collector;
pub(crate) mod dimensions;
pub(crate) mod endpoint;
pub(crate) mod endpoint_file;
pub(crate) mod environment;
pub(crate) mod host_metadata;
pub(crate) mod options;
pub(crate) mod properties;
pub(crate) mod protocol;
#[cfg(feature = "otlp")]
pub(crate) mod receiver;
pub(crate) mod target;
#[cfg(test)]
mod tests;
pub(crate) mod token;

#[cfg(feature = "otlp")]
use crate::dynatrace::config::collector::{Collector, compression};
use crate::dynatrace::config::dimensions::{
    INSTANCE_ID, METRICS_SOURCE, Pairs, RESERVED, as_layer,
};
use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::endpoint_file::{EndpointFile, Found};
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::options::{DeliveryGuarantee, Options};
use crate::dynatrace::config::protocol::{Format, Protocol};
#[cfg(feature = "otlp")]
use crate::dynatrace::config::receiver::Receiver;
use crate::dynatrace::config::target::{Finder, Target};
use crate::dynatrace::error::{ConfigError, EndpointError};
use crate::dynatrace::event::EventListener;
use crate::line::{self, Dimensions, MetricKey};
use rustls::pki_types::CertificateDer;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a request may take, if nobody says.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// All that an exporter needs to know, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) protocol: Protocol,
    pub(crate) finder: Finder,
    /// What the file of the host said at the start.
    pub(crate) found: Found,
    pub(crate) target: Target,
    /// Trusted besides those of the platform.
    pub(crate) root_certificates: Vec<CertificateDer<'static>>,
    pub(crate) prefix: Option<String>,
    pub(crate) default_dimensions: Pairs,
    pub(crate) resource_dimensions: Vec<String>,
    pub(crate) host_dimensions: Pairs,
    /// The id of this process, if it is to be a dimension.
    pub(crate) instance: Option<String>,
    pub(crate) guarantee: DeliveryGuarantee,
    pub(crate) listener: EventListener,
    pub(crate) request_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_lines_per_request: usize,
    pub(crate) max_bytes_per_request: usize,
    pub(crate) buffer_limit_bytes: usize,
    pub(crate) spool: Option<SpoolConfig>,
}

/// Where requests are kept, and how much of them.
#[derive(Clone, Debug)]
pub(crate) struct SpoolConfig {
    pub(crate) path: PathBuf,
    pub(crate) limit_bytes: u64,
}

impl Config {
    pub(crate) fn resolve(options: Options, environment: Environment) -> Result<Self, ConfigError> {
        match options.format {
            Format::Lines => Self::for_lines(options, environment),
            #[cfg(feature = "otlp")]
            Format::Otlp => configure(options, environment),
        }
    }

    /// One that sends lines.
    pub(crate) fn for_lines(
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
        let root_certificates = certificates::certificates(&options.root_certificates)?;

        let enriched = options
            .dynatrace_metadata
            .unwrap_or_else(|| target.endpoint.is_one_agent());
        let host_dimensions = if enriched {
            options.metadata_files.read()
        } else {
            Pairs::new()
        };
        let instance = options.instance_dimension.then(host_metadata::id);
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
            guarantee: options.guarantee,
            listener: options.listener,
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
    pub(crate) fn target(&self, found: &Found) -> Result<Target, ConfigError> {
        let target = self.finder.target(found)?;
        match self.protocol {
            Protocol::Lines => Ok(target),
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) => by_otlp(target),
        }
    }

    /// Says once what was chosen, and why; the spool only if there is one.
    pub(crate) fn log(&self, spool: Option<&Path>) {
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
    pub(crate) fn doubt(&self) -> Option<String> {
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

#[cfg(feature = "otlp")]
const LINES_PATH: &str = "/api/v2/metrics/ingest";
#[cfg(feature = "otlp")]
const BASE_PATH: &str = "/api/v2/otlp";
#[cfg(feature = "otlp")]
const METRICS_PATH: &str = "/v1/metrics";

/// The most data points that Dynatrace takes in one request (Dynatrace documentation, "About OTLP
/// metrics ingest"); of one with more it drops all.
#[cfg(feature = "otlp")]
const MAX_POINTS: usize = 15_000;

/// The same for bytes, 4 MB uncompressed; the rest is room for a reading of "MB" that is not ours.
#[cfg(feature = "otlp")]
const MAX_BYTES: usize = 4_000_000 - 65_536;

/// What the program says, else the Collector that the environment names, else Dynatrace as the
/// host says, else a Collector on this host.
#[cfg(feature = "otlp")]
pub(crate) fn configure(
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

#[cfg(feature = "otlp")]
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

#[cfg(feature = "otlp")]
fn read(path: &str) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(Path::new(path)).map_err(|error| ConfigError::RootCertificate {
        reason: format!("{path}: {error}"),
    })
}

/// The same place by its other path.
#[cfg(feature = "otlp")]
pub(crate) fn by_otlp(mut target: Target) -> Result<Target, ConfigError> {
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
#[cfg(feature = "otlp")]
fn environment_of(path: &str) -> Option<&str> {
    let path = path.strip_suffix(LINES_PATH).unwrap_or(path);
    let id = path.strip_prefix("/e/").filter(|id| !id.is_empty());
    (path.is_empty() || id.is_some_and(|id| !id.contains('/'))).then_some(path)
}
