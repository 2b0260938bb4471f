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

    /// Sends by OTLP (protobuf over HTTP) in place of the line protocol, for a provider of the
    /// program's own. Where to, and what differs, is as for
    /// [`dt_metrics::builder().otlp()`](crate::Builder::otlp).
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    /// use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
    ///
    /// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
    /// let exporter = Exporter::builder().otlp().build()?;
    /// let provider = SdkMeterProvider::builder()
    ///     .with_reader(PeriodicReader::builder(exporter).build())
    ///     .build();
    /// # drop(provider);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "otlp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
    pub fn otlp(mut self) -> Self {
        self.options.format = super::Format::Otlp;
        self
    }

    /// How long one request may take, from connecting to the end of the answer (default 10 s; zero
    /// is an error later). A request that takes longer counts as not answered: see
    /// [`delivery_guarantee`](Self::delivery_guarantee).
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_timeout = Some(timeout);
        self
    }

    /// How long connecting may take, TLS included (default: half of the request's time; zero is an
    /// error later). Keep it shorter than [`request_timeout`](Self::request_timeout): only so is it
    /// known that a host that does not answer got no lines.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = Some(timeout);
        self
    }

    /// The most lines in one request (default 1,000, the limit of the OneAgent; 0 is an error
    /// later). With 1 there is no room for units and descriptions. By OTLP it is
    /// always 15,000 data points, the limit of Dynatrace.
    pub fn max_lines_per_request(mut self, lines: usize) -> Self {
        self.options.max_lines_per_request = lines;
        self
    }

    /// The most bytes in the body of one request (default 983,616, a little under 1 MB, the limit of
    /// the API; 0 is an error later; never more than
    /// [`buffer_limit_bytes`](Self::buffer_limit_bytes)). A single line that is longer is dropped
    /// and counted (`line_too_long`); a request that an endpoint finds too large is split. By OTLP
    /// it is always 3,934,464, a little under the 4 MB there.
    pub fn max_bytes_per_request(mut self, bytes: usize) -> Self {
        self.options.max_bytes_per_request = bytes;
        self
    }

    /// The most bytes of lines that wait in memory to be sent (default 64 MiB; 0 is an error later).
    /// When they are more,
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
