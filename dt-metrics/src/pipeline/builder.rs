//! The builder: every option of the pipeline.

use std::fmt;
use std::time::Duration;

use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::error::Error;
use super::foreign_exporter::AddedExporter;
use super::handle::Handle;
use super::install::{Settings, install};
#[cfg(feature = "otlp")]
use crate::dynatrace::Format;
use crate::dynatrace::{self, CheckReport, Options, shared_options};

/// The configuration of the pipeline; from [`builder`](crate::builder).
#[derive(Default)]
#[must_use = "nothing is installed before `install`"]
pub struct Builder {
    dynatrace: Options,
    settings: Settings,
}

impl Builder {
    shared_options!(dynatrace, "dt_metrics::builder()");

    /// The time between two pushes.
    ///
    /// Default: `OTEL_METRIC_EXPORT_INTERVAL` (milliseconds), else 60 seconds, which is also what a
    /// text there that is no number gives. Zero is the default, too; there is no upper limit, but
    /// Dynatrace takes points of the last hour only, and draws by the minute.
    ///
    /// The first push comes at a random moment within the first interval and the others follow
    /// from there, so that a fleet that is restarted at once does not push at once. With
    /// [`configure_provider`](Self::configure_provider), or exporters other than this crate's, the
    /// SDK's timer decides when to collect, an interval after the start; this crate's exporters
    /// then send each time a moment later, the same for all of a process's life and random within
    /// the interval, but no longer than ten seconds. A flush waits for none of this.
    pub fn push_interval(mut self, interval: Duration) -> Self {
        self.settings.push_interval = Some(interval).filter(|interval| !interval.is_zero());
        self
    }

    /// The name of the service, OpenTelemetry's resource attribute `service.name`.
    ///
    /// Default: `OTEL_SERVICE_NAME`, else `service.name` of `OTEL_RESOURCE_ATTRIBUTES`, else none: a
    /// name that the SDK makes up (`unknown_service`) is not sent. It is the dimension
    /// `service.name` of every line.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.settings.service_name = Some(name.into());
        self
    }

    /// The most series of an instrument with run-time dimensions (default 2,000; 0 is taken as 1).
    /// What is beyond is counted in one series with `otel.metric.overflow=true`, and one warning
    /// names the place of the annotation.
    ///
    /// `cardinality_limit = n` in an annotation wins. Series that exist when metrics are installed stay;
    /// those of counters, histograms and gauges that are idle for a few collections make room,
    /// unless a reader is cumulative.
    /// Where all dimensions are literals, `bool` or enums, up to 1,024 combinations are always kept
    /// apart.
    pub fn cardinality_limit(mut self, series: u32) -> Self {
        self.settings.cardinality_limit = Some(series.max(1));
        self
    }

    /// Whether the exporter's own numbers are metrics, too (default: no): what
    /// [`Handle::health`] says, as `dt_metrics.exporter.points_accepted` and so on. For exporters other
    /// than Dynatrace's there are none.
    pub fn health_metrics(mut self, export: bool) -> Self {
        self.settings.health_metrics = export;
        self
    }

    /// How long dropping the [`Handle`] may take, and a signal with
    /// [`flush_on_termination`](Self::flush_on_termination) (default: 5 seconds). With zero nothing
    /// is waited for: what is not in a [`spool_dir`](Self::spool_dir) is lost then.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.settings.shutdown_timeout = Some(timeout);
        self
    }

    /// Adds an exporter in place of the default one; any number, each pushed at the interval.
    ///
    /// With one or more of these the Dynatrace exporter is made only if it is one of them, and
    /// the options of this builder about sending lines (endpoint, token, prefix, dimensions,
    /// buffers) do nothing: give them to its own builder. [`Handle::health`] has no numbers of
    /// exporters that are added here.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let exporter = Exporter::builder().prefix("shop").build()?;
    /// let metrics = dt_metrics::builder().exporter(exporter.clone()).install()?;
    /// println!("{:?}", exporter.health());
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exporter(mut self, exporter: impl PushMetricExporter) -> Self {
        self.settings.exporters.push(AddedExporter::new(exporter));
        self
    }

    /// Sends the same metrics by OTLP (protobuf over HTTP), in place of the line protocol.
    ///
    /// The first of these decides where:
    ///
    /// 1. what the program sets with [`endpoint`](Self::endpoint): an environment of Dynatrace, as
    ///    for lines (`…/api/v2/metrics/ingest` becomes `…/api/v2/otlp/v1/metrics`), or any path
    ///    that ends in `/v1/metrics`;
    /// 2. the Collector of `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT`,
    ///    with what `OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT`, `…_CERTIFICATE` and
    ///    `…_METRICS_TEMPORALITY_PREFERENCE` say, and without the token for Dynatrace;
    /// 3. Dynatrace, as `DT_METRICS_INGEST_URL` or the file of the Kubernetes operator say;
    /// 4. a Collector on this host, `http://localhost:4318/v1/metrics`.
    ///
    /// Counters and histograms are deltas, unless a Collector is asked for another temporality.
    /// Prefix, default dimensions and the host's dimensions are added as to lines. A collection of
    /// more than 15,000 data points or 4 MB, what Dynatrace takes at once, is sent in parts. With
    /// `OTEL_EXPORTER_OTLP_COMPRESSION=gzip`, which Dynatrace recommends, requests are about a tenth
    /// of their size.
    ///
    /// All else is as for lines: what cannot be sent now waits and is sent again for an hour, with
    /// [`spool_dir`](Self::spool_dir) also by the next process;
    /// [`delivery_guarantee`](Self::delivery_guarantee) and
    /// [`on_delivery_event`](Self::on_delivery_event) apply, and [`Handle::health`] counts each
    /// data point as a line (what a receiver refuses of an accepted request is in
    /// `points_rejected`). Only [`export_zero_counts`](Self::export_zero_counts) does nothing here. A
    /// token is never sent unencrypted to another host, unless
    /// [`allow_cleartext_token`](Self::allow_cleartext_token) says so.
    ///
    /// To send to both, add the exporter for lines, too. What one cannot deliver does not hold up
    /// the other, and each has its own [`health`](dynatrace::Exporter::health): that of the handle
    /// is OTLP's.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lines = Exporter::builder().build()?;
    /// let metrics = dt_metrics::builder().otlp().exporter(lines.clone()).install()?;
    ///
    /// println!("data points by OTLP: {}", metrics.health().points_accepted);
    /// println!("lines: {}", lines.health().points_accepted);
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "otlp")]
    pub fn otlp(mut self) -> Self {
        self.dynatrace.format = Format::Otlp;
        self
    }

    /// Makes no exporter: only what [`configure_provider`](Self::configure_provider) adds (default:
    /// the Dynatrace exporter is made).
    pub fn no_exporter(mut self) -> Self {
        self.settings.no_exporter = true;
        self
    }

    /// Everything else that the SDK offers: readers, views, resources.
    ///
    /// ```
    /// use opentelemetry_sdk::metrics::{Instrument, Stream};
    ///
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::builder()
    ///     .configure_provider(|provider| {
    ///         provider.with_view(|instrument: &Instrument| {
    ///             let renamed = Stream::builder().with_name("new.name").build().ok()?;
    ///             (instrument.name() == "old.name").then_some(renamed)
    ///         })
    ///     })
    ///     .install()?;
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn configure_provider(
        mut self,
        configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + Send + 'static,
    ) -> Self {
        self.settings.configure.push(Box::new(configure));
        self
    }

    /// Whether to make the provider OpenTelemetry's global one (default: yes), so that metrics that
    /// the program and its libraries measure by the OpenTelemetry API are exported, too.
    pub fn set_global(mut self, global: bool) -> Self {
        self.settings.not_global = !global;
        self
    }

    /// Whether instruments of one name that disagree on kind or unit are an error (default: no;
    /// the first stays, the other is not exported, is counted in [`Health`](crate::Health) as
    /// `conflicting_definition`, and a warning names both places). For tests and CI: a dependency
    /// can bring in such an instrument.
    pub fn strict(mut self, strict: bool) -> Self {
        self.settings.strict = strict;
        self
    }

    /// Whether SIGTERM and SIGINT deliver what was measured until then, in
    /// [`shutdown_timeout`](Self::shutdown_timeout) at most, before they act as they did when
    /// metrics were installed (default: no).
    ///
    /// So a program that does nothing about these signals still ends by them, with the exit status
    /// that they give, but later; and a handler that was there before is called, but later. A
    /// second signal acts at once. A program that begins to handle a signal itself after this, as
    /// with tokio's `ctrl_c`, gets it at once and goes on in its own way; what was measured is
    /// delivered beside. A signal that is ignored stays ignored.
    ///
    /// Nothing is delivered at the end of a process that this does not see: `std::process::exit`
    /// and `abort` (call [`Handle::shutdown`] before them), a panic with `panic = "abort"` in the
    /// profile (set a panic hook that calls [`Handle::flush`]), SIGKILL. Unix only: elsewhere a
    /// warning is all it does.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let _metrics = dt_metrics::builder().flush_on_termination(true).install()?;
    /// loop {
    ///     std::thread::park(); // until SIGTERM
    /// }
    /// # }
    /// ```
    pub fn flush_on_termination(mut self, flush: bool) -> Self {
        self.settings.flush_on_termination = flush;
        self
    }

    /// The same as [`check`](crate::check) for this configuration.
    ///
    /// What it tries is the delivery of lines, with `otlp` that by OTLP, whatever other exporters
    /// are added.
    ///
    /// ```
    /// let report = dt_metrics::builder().endpoint("http://127.0.0.1:1/metrics/ingest").check();
    /// assert_eq!(
    ///     report.problem(),
    ///     Some(dt_metrics::dynatrace::Problem::ConnectionRefused)
    /// );
    /// ```
    pub fn check(&self) -> CheckReport {
        dynatrace::check(self.dynatrace.clone(), &dynatrace::process_environment)
    }

    /// Checks the configuration and starts the pipeline.
    ///
    /// Works from a plain thread and inside any async runtime; it does no I/O on the calling
    /// thread.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyInstalled`], [`Error::Config`], [`Error::Thread`], with
    /// [`strict`](Self::strict) [`Error::Conflicts`], and with
    /// [`flush_on_termination`](Self::flush_on_termination) [`Error::Signal`]. Nothing is installed
    /// then.
    pub fn install(self) -> Result<Handle, Error> {
        install(self.dynatrace, self.settings)
    }
}

/// Without secrets.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("dynatrace", &self.dynatrace)
            .field("push_interval", &self.settings.push_interval)
            .field("exporters", &self.settings.exporters.len())
            .field("no_exporter", &self.settings.no_exporter)
            .field("set_global", &!self.settings.not_global)
            .field("strict", &self.settings.strict)
            .field("flush_on_termination", &self.settings.flush_on_termination)
            .field("service_name", &self.settings.service_name)
            .field("cardinality_limit", &self.settings.cardinality_limit)
            .field("health_metrics", &self.settings.health_metrics)
            .field("shutdown_timeout", &self.settings.shutdown_timeout)
            .finish_non_exhaustive()
    }
}
