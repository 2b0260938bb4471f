//! Resolves the settings of the program, the environment and the host into one checked [`Config`].
//!
//! May import the leaves (`error`, `event`, `redact`, `thread`) and `line`.

pub(crate) mod builder;
pub(crate) mod certificates;
#[cfg(feature = "otlp")]
mod collector;
mod destination;
pub(crate) mod dimensions;
pub(crate) mod endpoint;
pub(crate) mod endpoint_file;
pub(crate) mod environment;
pub(crate) mod host_metadata;
mod indirection;
pub(crate) mod options;
pub(crate) mod protocol;
pub(crate) mod proxy;
pub(crate) mod source;
pub(crate) mod table;
pub(crate) mod target;
#[cfg(test)]
mod tests;
pub(crate) mod token;
pub(crate) mod unquoted;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use secrecy::SecretString;

use crate::dynatrace::config::certificates::{certificates, certificates_of};
use crate::dynatrace::config::destination::Destination;
use crate::dynatrace::config::dimensions::{
    INSTANCE_ID, Labels, METRICS_SOURCE, Pairs, as_layer, check_prefix,
};
use crate::dynatrace::config::endpoint::GRPC_PORT;
use crate::dynatrace::config::endpoint_file::{EndpointFile, EndpointProperties};
use crate::dynatrace::config::environment::{Environment, TOKEN_OPTION, TOKEN_VARIABLE};
use crate::dynatrace::config::host_metadata::HostMetadata;
use crate::dynatrace::config::options::{DeliveryGuarantee, Options};
use crate::dynatrace::config::protocol::Protocol;
use crate::dynatrace::config::proxy::Proxy;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::table::{Scope, Setting};
use crate::dynatrace::config::target::{Target, TargetResolver};
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::redact::Redactor;
use crate::dynatrace::text::printable;
use crate::line::{self, Dimensions};

/// The default of the request timeout.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The most requests in flight at a time. A request of 1 MB takes a few round trips, so a few requests
/// keep a connection of 100 Mbit/s busy; more would share it, and time out on a slow one.
const MAX_IN_FLIGHT: usize = 4;

/// The checked configuration of an exporter.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The options, with the prefix and the limits that apply.
    pub(crate) options: Options,
    pub(crate) protocol: Protocol,
    pub(crate) target: Target,
    resolver: Option<TargetResolver>,
    /// The contents of the endpoint file at the start.
    pub(crate) endpoint_properties: EndpointProperties,
    /// Trusted in addition to the certificates of the platform.
    root_certificates: Vec<CertificateDer<'static>>,
    pub(crate) host_dimensions: Pairs,
    /// The file with the dimensions of the host, and how many of its entries are not Dynatrace's.
    pub(crate) host_file: Option<(PathBuf, usize)>,
    /// The variable that names the proxy at the start.
    pub(crate) proxy: Option<&'static str>,
    /// Findings at the start.
    startup_warnings: Vec<String>,
    /// The id of this process, if it is a dimension.
    pub(crate) instance: Option<String>,
    pub(crate) request_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    /// Withholds the secrets that are known at the start.
    redactor: Redactor,
}

impl Config {
    pub(crate) fn resolve(
        mut options: Options,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        table::read(&mut options, Scope::Exporter, environment);
        let read_warnings = std::mem::take(&mut options.warnings);
        let Destination {
            protocol,
            target,
            resolver,
            endpoint_properties,
            warnings,
        } = Destination::find(&mut options, environment)?;
        check_limits(&options)?;
        // The buffer must have room for a request.
        let max_bytes = &mut options.max_bytes_per_request;
        *max_bytes = options.buffer_limit_bytes.min(*max_bytes);
        let request_timeout = options.request_timeout.or(options.export_timeout);
        let request_timeout = request_timeout.unwrap_or(REQUEST_TIMEOUT);

        let redactor = Redactor::new(secrets(
            &options,
            environment,
            &target,
            &protocol,
            &endpoint_properties,
        ));
        let mut host_metadata = HostMetadata::default();
        if options.dynatrace_metadata.unwrap_or(true) {
            host_metadata = options.metadata_files.read(&redactor);
        }
        let instance = options
            .instance_dimension
            .then(host_metadata::process_instance);
        check_dimensions(
            &options.default_dimensions,
            &mut host_metadata,
            instance.as_deref(),
        )?;
        let proxy = Proxy::find(&target.endpoint, environment);
        options.prefix = check_prefix(options.prefix)?;
        let root_certificates = certificates(&options.root_certificates)?;
        if let Some(path) = &options.root_certificate_file {
            certificates_of(path)?;
        }
        Ok(Self {
            protocol,
            target,
            resolver,
            endpoint_properties,
            root_certificates,
            host_dimensions: host_metadata.dimensions,
            host_file: host_metadata
                .file
                .map(|file| (file, host_metadata.undocumented)),
            startup_warnings: [
                read_warnings,
                warnings,
                proxy.warnings,
                host_metadata.warnings,
            ]
            .concat(),
            proxy: proxy.variable,
            instance,
            request_timeout,
            // Shorter than the request timeout: lines to a host that does not connect are known not
            // to be accepted.
            connect_timeout: options.connect_timeout.unwrap_or(request_timeout / 2),
            redactor,
            options,
        })
    }

    /// The most lines, or data points over OTLP, in one request.
    pub(crate) fn max_lines(&self) -> usize {
        let given = self.options.max_lines_per_request;
        given.unwrap_or_else(|| self.target.endpoint.max_lines())
    }

    /// The most requests in flight at a time. `delivery::sender` has the reasons.
    pub(crate) fn max_in_flight(&self) -> usize {
        let is_certain = self.options.guarantee == DeliveryGuarantee::AtMostOnce;
        if is_certain || self.target.endpoint.is_one_agent() {
            1
        } else {
            MAX_IN_FLIGHT
        }
    }

    /// The certificates that the program trusts at the moment, in addition to the platform's.
    #[cfg_attr(
        not(any(
            feature = "native-tls",
            feature = "rustls-ring",
            feature = "rustls-aws-lc"
        )),
        allow(dead_code, reason = "they are for TLS")
    )]
    pub(crate) fn trusted_roots(&self) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
        let mut roots = self.root_certificates.clone();
        if let Some(path) = &self.options.root_certificate_file {
            roots.extend(certificates_of(path)?);
        }
        Ok(roots)
    }

    /// The values of all options, with the endpoint and the token that were found.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let target = &self.target;
        let mut settings = table::settings(&self.options, &self.redactor);
        for setting in &mut settings {
            let found = match setting.name {
                "endpoint" => Some((target.endpoint.to_string(), Some(target.endpoint_source))),
                "api_token" => {
                    let token = match &target.token {
                        Some(_) => "given",
                        None => target.describe_token(),
                    };
                    Some((token.to_owned(), target.token_source))
                }
                _ => None,
            };
            if let Some((value, source)) = found {
                setting.value = value;
                setting.source = source.unwrap_or(Source::Default);
            }
        }
        settings
    }

    /// Everything that this process adds to the counts in its cells; `None` if it keeps no cells.
    pub(crate) fn labels(&self) -> Option<Labels> {
        let resource = self.options.kept_cells.clone()?;
        Some(Labels {
            prefix: self.options.prefix.clone(),
            default_dimensions: self.options.default_dimensions.clone(),
            host_dimensions: self.host_dimensions.clone(),
            resource_dimensions: self.options.resource_dimensions.clone(),
            instance: self.instance.clone(),
            resource,
        })
    }

    /// A copy that adds what another process adds, except for the resource.
    pub(crate) fn with_labels(&self, labels: &Labels) -> Self {
        let mut config = self.clone();
        config.options.prefix.clone_from(&labels.prefix);
        config
            .options
            .default_dimensions
            .clone_from(&labels.default_dimensions);
        config
            .options
            .resource_dimensions
            .clone_from(&labels.resource_dimensions);
        config.host_dimensions.clone_from(&labels.host_dimensions);
        config.instance.clone_from(&labels.instance);
        config
    }

    /// The file that may change the target.
    pub(crate) fn endpoint_file(&self) -> Option<&EndpointFile> {
        self.resolver.as_ref()?.file()
    }

    /// A copy with the target that results if the endpoint file has these contents.
    pub(crate) fn with_endpoint_properties(
        &self,
        properties: &EndpointProperties,
    ) -> Result<Self, ConfigError> {
        let Some(resolver) = &self.resolver else {
            return Ok(self.clone());
        };
        Ok(Self {
            target: resolver.target(properties)?,
            // No copy of an old token stays in memory.
            endpoint_properties: EndpointProperties::default(),
            // They were logged before.
            startup_warnings: Vec::new(),
            ..self.clone()
        })
    }

    /// Logs the chosen settings and their sources, with the spool if there is one.
    pub(crate) fn log(&self, spool: Option<&Path>) {
        let target = &self.target;
        tracing::info!(
            target: "dt_metrics",
            endpoint = %target.endpoint,
            endpoint_source = target.endpoint_source.describe(),
            token_source = target.describe_token(),
            host_dimensions = self.host_dimensions.len(),
            spool = spool.map(|path| printable(&path.to_string_lossy()).into_owned()),
            headers = self.protocol.headers.len(),
            "sending metrics {}",
            self.protocol.format.describe()
        );
        for warning in self.warnings() {
            tracing::warn!(target: "dt_metrics", "{warning}");
        }
    }

    /// Settings that are valid but probably mistakes, and findings on the host.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let endpoint = &self.target.endpoint;
        let hint = self.protocol.format.path_hint();
        let pathless = (endpoint.url().path() == "/")
            .then(|| format!("the endpoint {endpoint} has no path: {hint}"));
        let grpc = (endpoint.url().port() == Some(GRPC_PORT)).then(|| {
            format!(
                "the endpoint {endpoint} has port {GRPC_PORT}, where OTLP over gRPC is usual: \
                 metrics are sent over HTTP, so use port 4318, or the port for HTTP of that server"
            )
        });
        let of_target = self.target.warnings().into_iter().chain(pathless);
        let of_target = of_target.chain(grpc);
        of_target
            .chain(self.startup_warnings.iter().cloned())
            .collect()
    }
}

fn check_limits(options: &Options) -> Result<(), ConfigError> {
    let is_zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
    let limits = [
        ("request_timeout", is_zero(options.request_timeout)),
        ("connect_timeout", is_zero(options.connect_timeout)),
        (
            "max_lines_per_request",
            options.max_lines_per_request == Some(0),
        ),
        ("max_bytes_per_request", options.max_bytes_per_request == 0),
        ("buffer_limit_bytes", options.buffer_limit_bytes == 0),
        ("spool_limit_bytes", options.spool_limit_bytes == 0),
    ];
    match limits.into_iter().find(|(_, is_zero)| *is_zero) {
        Some((option, _)) => Err(ConfigError::Zero { option }),
        None => Ok(()),
    }
}

/// The secrets that are known here, whether they are sent or not.
fn secrets(
    options: &Options,
    environment: Environment,
    target: &Target,
    protocol: &Protocol,
    file: &EndpointProperties,
) -> Vec<SecretString> {
    let tokens = [options.api_token.clone(), file.token.clone()];
    let tokens = tokens.into_iter().chain(token_variables(environment));
    let in_query = target.endpoint.query_values().map(SecretString::from);
    let secrets = tokens.flatten().chain(in_query);
    secrets.chain(protocol.secrets()).collect()
}

/// The tokens in the environment.
pub(crate) fn token_variables(
    environment: Environment,
) -> impl Iterator<Item = Option<SecretString>> {
    let names = [TOKEN_OPTION, TOKEN_VARIABLE].into_iter();
    names.map(move |name| environment(name).map(SecretString::from))
}

/// A warning that a spool is not used. A directory that only the environment names stops no program.
pub(crate) fn spool_ignored(variable: &str, error: &ConfigError) -> String {
    format!("ignoring {variable}, since {error}; pending requests are in memory only")
}

/// Checks the keys, and that a line has room for the dimensions of a measurement. Dimensions of the
/// host that leave no room are left out with a warning: the program did not choose them. Dimensions
/// of the resource are not known yet, except for the instance.
fn check_dimensions(
    defaults: &Pairs,
    host: &mut HostMetadata,
    instance: Option<&str>,
) -> Result<(), ConfigError> {
    for (key, _) in defaults {
        line::check_dimension_key(key).map_err(|invalid| ConfigError::DefaultDimension {
            key: key.clone(),
            reason: invalid.message(),
            suggestion: line::normalize_dimension_key(key).map(Cow::into_owned),
        })?;
    }
    let added = [METRICS_SOURCE]
        .into_iter()
        .chain(instance.map(|id| (INSTANCE_ID, id)));
    let added: Vec<_> = added.collect();
    let count = |host: &Pairs| {
        let layers = [&*added, &as_layer(defaults), &as_layer(host)];
        match Dimensions::from_layers(&layers) {
            Ok(dimensions) => dimensions.len(),
            Err(line::TooManyDimensions(count)) => count,
        }
    };
    let own = count(&Pairs::new());
    if own >= line::limits::MAX_DIMENSIONS {
        return Err(ConfigError::TooManyDefaultDimensions { count: own });
    }
    let found = host.dimensions.len();
    while count(&host.dimensions) >= line::limits::MAX_DIMENSIONS {
        host.dimensions.pop();
    }
    let left_out = found - host.dimensions.len();
    if left_out > 0 {
        host.warnings.push(format!(
            "{left_out} of the {found} dimensions of this host are not sent: a line may have 50 \
             dimensions, and {own} are the program's; give fewer default dimensions"
        ));
    }
    Ok(())
}
