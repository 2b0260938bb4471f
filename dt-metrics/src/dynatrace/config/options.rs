//! What a program can set, before anything is looked up or checked.

use crate::dynatrace::config::certificates::Pem;
use crate::dynatrace::config::endpoint::Given;
use crate::dynatrace::config::endpoint_file::EndpointFile;
use crate::dynatrace::config::host_metadata::MetadataFiles;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::event::{DeliveryEvent, EventListener};
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// The API takes requests of up to 1 MB (Dynatrace documentation, "POST ingest data points"); the
/// rest is room for a reading of "MB" that is not ours.
const MAX_BYTES: usize = 1_000_000 - 16_384;

/// The OneAgent takes up to 1,000 lines a request (Dynatrace documentation, "OneAgent metric API").
const MAX_LINES: usize = 1_000;

/// What the program set. The pipeline's builder holds one of these, too.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) format: Format,
    pub(crate) endpoint: Option<Given>,
    pub(crate) api_token: Option<SecretString>,
    pub(crate) allow_cleartext_token: bool,
    /// Where the host keeps endpoint and token; tests have their own.
    pub(crate) endpoint_file: EndpointFile,
    pub(crate) root_certificates: Vec<Pem>,
    pub(crate) prefix: Option<String>,
    pub(crate) default_dimensions: Vec<(String, String)>,
    pub(crate) resource_dimensions: Vec<String>,
    pub(crate) instance_dimension: bool,
    /// `None`: if the endpoint is a OneAgent.
    pub(crate) dynatrace_metadata: Option<bool>,
    /// Where that metadata is; tests have their own.
    pub(crate) metadata_files: MetadataFiles,
    pub(crate) guarantee: DeliveryGuarantee,
    pub(crate) listener: EventListener,
    /// `None`: 10 s, or what the environment says of a Collector.
    pub(crate) request_timeout: Option<Duration>,
    /// `None`: half of the request's.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) max_lines_per_request: usize,
    pub(crate) max_bytes_per_request: usize,
    pub(crate) buffer_limit_bytes: usize,
    pub(crate) spool_dir: Option<PathBuf>,
    pub(crate) spool_limit_bytes: u64,
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
            prefix: None,
            default_dimensions: Vec::new(),
            resource_dimensions: Vec::new(),
            instance_dimension: false,
            dynatrace_metadata: None,
            metadata_files: MetadataFiles::default(),
            guarantee: DeliveryGuarantee::default(),
            listener: EventListener::default(),
            request_timeout: None,
            connect_timeout: None,
            max_lines_per_request: MAX_LINES,
            max_bytes_per_request: MAX_BYTES,
            buffer_limit_bytes: 64 * 1024 * 1024,
            spool_dir: None,
            spool_limit_bytes: 256 * 1024 * 1024,
        }
    }
}

impl Options {
    pub(crate) fn set_listener(&mut self, watch: impl Fn(&DeliveryEvent) + Send + Sync + 'static) {
        self.listener = EventListener::new(watch);
    }
}

// ===== from ambiguous: //! What to do when nobody knows whether lines were accepted.
/// What becomes of a request that was sent but not answered: after a timeout, or when the
/// connection broke before the answer. Its lines may have been counted, or not.
///
/// A failure before anything was sent (no connection, no name, no TLS) is never ambiguous, and
/// neither is an answer: what a server answers with 429, 500, 502, 503 or 504 is taken as not
/// accepted. [`Health::requests_unanswered`](crate::dynatrace::health::Health::requests_unanswered) counts the cases.
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
    /// Send it again: prefers no loss. What had been accepted is counted twice.
    #[default]
    AtLeastOnce,
    /// Do not: prefers no duplicates. What had not been accepted is lost, and counted as
    /// `ambiguous` in [`Health::dropped`](crate::dynatrace::health::Health::dropped).
    AtMostOnce,
}
