//! How a program makes an exporter.

use std::time::Duration;

use super::options::{Options, shared_options};
use super::{ConfigError, Exporter};

/// Makes an [`Exporter`]; from [`Exporter::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use dt_metrics::dynatrace::Exporter;
///
/// # fn make(token: String) -> Result<Exporter, dt_metrics::dynatrace::ConfigError> {
/// let exporter = Exporter::builder()
///     .endpoint("https://myenv123.live.dynatrace.com/api/v2/metrics/ingest")
///     .api_token(token)
///     .prefix("shop")
///     .default_dimension("env", "prod")
///     .request_timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok(exporter)
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is sent before `build`"]
pub struct ExporterBuilder {
    options: Options,
}

impl ExporterBuilder {
    shared_options!(options, "dt_metrics::dynatrace::Exporter::builder()");

    /// How long one request may take, from connecting to the end of the answer (default 10 s).
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_timeout = timeout;
        self
    }

    /// How long connecting may take, TLS included (default: half of the request's time).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = Some(timeout);
        self
    }

    /// The most lines in one request (default 1,000, the limit of the OneAgent).
    pub fn max_lines_per_request(mut self, lines: usize) -> Self {
        self.options.max_lines_per_request = lines;
        self
    }

    /// The most bytes in the body of one request (default a little under 1 MB, the limit of the
    /// API).
    pub fn max_bytes_per_request(mut self, bytes: usize) -> Self {
        self.options.max_bytes_per_request = bytes;
        self
    }

    /// The most bytes of lines that wait in memory to be sent (default 64 MiB). When they are more,
    /// those that are also on disk ([`spool_dir`](Self::spool_dir)) are left there; if that is not
    /// enough, the oldest are dropped and counted. The request that is being sent comes on top.
    pub fn buffer_limit_bytes(mut self, bytes: usize) -> Self {
        self.options.buffer_limit_bytes = bytes;
        self
    }

    /// Checks the options, looks up what is missing, and starts the thread that sends.
    ///
    /// # Errors
    ///
    /// When a value is not usable ([`ConfigError`] says which, where it comes from, and why), the
    /// platform's certificates cannot be loaded, or the thread cannot be started.
    pub fn build(self) -> Result<Exporter, ConfigError> {
        Exporter::new(self.options)
    }
}
