//! The settings of the program, before anything is looked up or checked.

use opentelemetry_sdk::Resource;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};

use crate::dynatrace::config::endpoint_file::EndpointFile;
use crate::dynatrace::config::host_metadata::MetadataFiles;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::event::{DeliveryEvent, EventListener};

/// The API accepts requests of up to 1 MB (Dynatrace documentation, "POST ingest data points"); less
/// a margin in case that "MB" is meant otherwise.
const MAX_BYTES: usize = 1_000_000 - 16_384;

/// A field for each option of [`ExporterBuilder`](crate::dynatrace::ExporterBuilder). The builder of
/// the pipeline holds one of these as well.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) format: Format,
    /// Secret until it is checked: it may contain a password, or be the token, given by mistake.
    pub(crate) endpoint: Option<SecretString>,
    pub(crate) api_token: Option<SecretString>,
    pub(crate) allow_cleartext_token: bool,
    /// Set by tests only.
    pub(crate) endpoint_file: EndpointFile,
    /// Secret until they are checked: one may be a key, given by mistake.
    pub(crate) root_certificates: Vec<SecretSlice<u8>>,
    /// A file with more of them, read again when a server is not trusted.
    pub(crate) root_certificate_file: Option<PathBuf>,
    pub(crate) prefix: Option<String>,
    pub(crate) default_dimensions: Vec<(String, String)>,
    pub(crate) resource_dimensions: Vec<String>,
    pub(crate) instance_dimension: bool,
    /// By default `true`.
    pub(crate) dynatrace_metadata: Option<bool>,
    /// Set by tests only.
    pub(crate) metadata_files: MetadataFiles,
    pub(crate) guarantee: DeliveryGuarantee,
    pub(crate) listener: EventListener,
    /// By default the timeout of a Collector in the environment, else 10 s.
    pub(crate) request_timeout: Option<Duration>,
    /// OpenTelemetry's limit for an export, if nothing else limits a request.
    pub(crate) export_timeout: Option<Duration>,
    /// By default half of the request timeout.
    pub(crate) connect_timeout: Option<Duration>,
    /// By default the limit of the endpoint.
    pub(crate) max_lines_per_request: Option<usize>,
    pub(crate) max_bytes_per_request: usize,
    pub(crate) buffer_limit_bytes: usize,
    pub(crate) spool_dir: Option<PathBuf>,
    pub(crate) spool_limit_bytes: u64,
    /// Whether cells of counters are kept in the spool, and the resource that their counts are of. The pipeline
    /// decides it: it hands over counts in no other way.
    pub(crate) kept_cells: Option<Resource>,
    pub(crate) pipeline: PipelineOptions,
    /// Where the options come from that are not defaults, by the names of the builder's methods.
    pub(crate) sources: BTreeMap<&'static str, Source>,
    /// Whether the options that the program does not set were read from the environment.
    pub(crate) is_environment_read: bool,
    /// Variables that are not used as they are.
    pub(crate) warnings: Vec<String>,
}

/// The options of the pipeline's builder that the exporter does not have.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(crate) struct PipelineOptions {
    pub(crate) push_interval: Option<Duration>,
    pub(crate) service_name: Option<String>,
    pub(crate) cardinality_limit: Option<u32>,
    pub(crate) gauge_expiry: Option<Duration>,
    pub(crate) health_metrics: bool,
    pub(crate) shutdown_timeout: Option<Duration>,
    pub(crate) no_exporter: bool,
    /// Whether the environment requires lines in addition to OTLP.
    pub(crate) both_formats: bool,
    pub(crate) console: bool,
    pub(crate) not_global: bool,
    pub(crate) strict: bool,
    pub(crate) flush_on_termination: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Lines,
            endpoint: None,
            api_token: None,
            allow_cleartext_token: false,
            endpoint_file: EndpointFile::default(),
            root_certificates: Vec::new(),
            root_certificate_file: None,
            prefix: None,
            default_dimensions: Vec::new(),
            resource_dimensions: Vec::new(),
            instance_dimension: false,
            dynatrace_metadata: None,
            metadata_files: MetadataFiles::default(),
            guarantee: DeliveryGuarantee::default(),
            listener: EventListener::default(),
            request_timeout: None,
            export_timeout: None,
            connect_timeout: None,
            max_lines_per_request: None,
            max_bytes_per_request: MAX_BYTES,
            buffer_limit_bytes: 64 * 1024 * 1024,
            spool_dir: None,
            spool_limit_bytes: 256 * 1024 * 1024,
            kept_cells: None,
            pipeline: PipelineOptions::default(),
            sources: BTreeMap::new(),
            is_environment_read: false,
            warnings: Vec::new(),
        }
    }
}

impl Options {
    /// Notes that the program sets an option, by the name of the builder's method.
    pub(crate) fn give(&mut self, name: &'static str) {
        self.sources.insert(name, Source::Program);
    }

    pub(crate) fn source(&self, name: &str) -> Source {
        self.sources.get(name).copied().unwrap_or(Source::Default)
    }

    /// For the macro of shared options, which is expanded where [`EventListener`] cannot be named.
    pub(crate) fn set_listener(
        &mut self,
        on_event: impl Fn(&DeliveryEvent) + Send + Sync + 'static,
    ) {
        self.listener = EventListener::new(on_event);
    }
}

/// The choice whether a request that was sent but never answered is sent again.
///
/// After a timeout, or if the connection breaks before the answer, the endpoint may or may not have
/// accepted the request. If it is sent again, its data points may be counted twice; if it is
/// dropped, they may be lost.
/// [`Health::requests_unanswered`](crate::dynatrace::Health::requests_unanswered) counts these
/// requests.
///
/// All other failures are certain, and the request is sent again if that can help. A failure before
/// the request was sent (no connection, DNS, TLS), and an answer with the status 429, 500, 502, 503 or 504,
/// mean that the request was not accepted.
///
/// ```
/// use dt_metrics::dynatrace::{DeliveryGuarantee, Exporter};
///
/// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
/// let exporter = Exporter::builder()
///     .delivery_guarantee(DeliveryGuarantee::AtMostOnce)
///     .build()?;
/// # drop(exporter);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DeliveryGuarantee {
    /// Sends the request again. No data point is lost, but data points that the endpoint had
    /// accepted are counted twice.
    #[default]
    AtLeastOnce,
    /// Drops the request. No data point is counted twice, but data points that the endpoint had not
    /// accepted are lost. Each request has its own connection, since a server that closes an idle
    /// connection could leave a request on it unanswered. The lost data points are counted as
    /// [`DropReason::Ambiguous`](crate::dynatrace::DropReason::Ambiguous) in
    /// [`Health::dropped`](crate::dynatrace::Health::dropped).
    AtMostOnce,
}
