//! The builder: every option of the pipeline.

use std::fmt;
use std::time::Duration;

use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::added_exporter::AddedExporter;
use super::error::Error;
use super::handle::Handle;
use super::install::{Settings, install};
#[cfg(feature = "otlp")]
use crate::dynatrace::Format;
use crate::dynatrace::{self, CheckReport, Options, shared_options};

/// The configuration of the pipeline, returned by [`builder`](crate::builder). [`install`](Self::install)
/// starts the pipeline.
///
/// Every option except for functions and exporters can also come from the environment, as `DT_METRICS_`
/// and the name of the method in capital letters. For example, `DT_METRICS_PUSH_INTERVAL=10s` is
/// [`push_interval`](Self::push_interval), and `DT_METRICS_DEFAULT_DIMENSIONS=env=prod,team=a` is
/// [`default_dimensions`](Self::default_dimensions). The program takes precedence over the environment,
/// and `DT_METRICS_…` variables take precedence over the variables of OpenTelemetry (`OTEL_…`). For
/// dimensions and certificates, the environment adds to the values of the program. An unusable value, or
/// an unknown variable that begins with `DT_METRICS_`, is logged as a warning and is never an error.
/// [`check`](Self::check) reports where the value of each option comes from.
///
/// # Destination
///
/// [`endpoint`](Self::endpoint), [`api_token`](Self::api_token),
/// [`allow_cleartext_token`](Self::allow_cleartext_token) and
/// [`add_root_certificate_pem`](Self::add_root_certificate_pem). With the feature `otlp`, `otlp` selects
/// OTLP instead of metric lines.
///
/// # Names and dimensions
///
/// [`prefix`](Self::prefix), [`default_dimension`](Self::default_dimension),
/// [`default_dimensions`](Self::default_dimensions), [`service_name`](Self::service_name),
/// [`resource_dimensions`](Self::resource_dimensions),
/// [`instance_dimension`](Self::instance_dimension) and
/// [`export_dynatrace_metadata`](Self::export_dynatrace_metadata).
///
/// # Amount of data
///
/// [`push_interval`](Self::push_interval), [`cardinality_limit`](Self::cardinality_limit) and
/// [`gauge_expiry`](Self::gauge_expiry).
///
/// # Failures
///
/// [`spool_dir`](Self::spool_dir), [`spool_limit_bytes`](Self::spool_limit_bytes),
/// [`delivery_guarantee`](Self::delivery_guarantee),
/// [`on_delivery_event`](Self::on_delivery_event), [`health_metrics`](Self::health_metrics) and
/// [`strict`](Self::strict).
///
/// # End of the program
///
/// [`flush_on_termination`](Self::flush_on_termination) and
/// [`shutdown_timeout`](Self::shutdown_timeout).
///
/// # Development
///
/// [`console`](Self::console) and [`check`](Self::check).
///
/// # OpenTelemetry
///
/// [`exporter`](Self::exporter), [`no_exporter`](Self::no_exporter),
/// [`configure_provider`](Self::configure_provider) and [`set_global`](Self::set_global).
#[derive(Default)]
#[must_use = "nothing is installed before `install`"]
pub struct Builder {
    dynatrace: Options,
    settings: Settings,
}

impl Builder {
    shared_options!(dynatrace, "dt_metrics::builder()");

    /// Sets the time between two pushes.
    ///
    /// Default: `DT_METRICS_PUSH_INTERVAL` (such as `10s`), or `OTEL_METRIC_EXPORT_INTERVAL`
    /// (milliseconds), or 60 seconds. Zero also selects the default. There is no upper limit, but
    /// Dynatrace accepts data points of the last hour only, and has a resolution of one minute.
    ///
    /// The first push comes at a random moment within the first interval, and the following pushes
    /// come one interval apart, so that processes that start together do not push together.
    /// With [`configure_provider`](Self::configure_provider), or with exporters of other crates, each
    /// exporter has a thread that pushes, and a random moment of its own.
    pub fn push_interval(mut self, interval: Duration) -> Self {
        if interval.is_zero() {
            self.dynatrace.sources.remove("push_interval");
            self.dynatrace.pipeline.push_interval = None;
        } else {
            self.dynatrace.give("push_interval");
            self.dynatrace.pipeline.push_interval = Some(interval);
        }
        self
    }

    /// Sets the name of the service, OpenTelemetry's resource attribute `service.name`.
    ///
    /// Default: `DT_METRICS_SERVICE_NAME`, or `OTEL_SERVICE_NAME`, or `service.name` of
    /// `OTEL_RESOURCE_ATTRIBUTES`, or none: the SDK's placeholder (`unknown_service`) is not sent.
    /// Every line has the name as the dimension `service.name`.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.dynatrace.give("service_name");
        self.dynatrace.pipeline.service_name = Some(name.into());
        self
    }

    /// Sets the largest number of series of an instrument with run-time dimensions (default: 2,000; 0 means
    /// 1). Further combinations are merged into one overflow series with the dimension
    /// `otel.metric.overflow=true`. One warning names the place of the annotation, [`Handle::health`] counts
    /// the data points of the overflow series, and [`on_delivery_event`](Self::on_delivery_event) reports
    /// these data points.
    ///
    /// The OpenTelemetry SDK keeps 2,000 series of an instrument. To deliver all series of a larger metric,
    /// dt-metrics splits it into several instruments of the SDK with the same name, in scopes with different
    /// schema URLs. If a view of the program sets a limit, that limit counts for each
    /// 2,000 series, and a warning is logged when it is reached.
    ///
    /// `cardinality_limit = n` in an annotation takes precedence. Series from before `install` are kept, even
    /// beyond the limit. Series of counters and histograms that are idle for a few collections make
    /// room for others, unless a reader is cumulative. If all dimensions are literals, `bool` or
    /// enums, up to 1,024 combinations always have a series each.
    ///
    /// Environment variable: `DT_METRICS_CARDINALITY_LIMIT`, a whole number.
    pub fn cardinality_limit(mut self, series: u32) -> Self {
        self.dynatrace.give("cardinality_limit");
        self.dynatrace.pipeline.cardinality_limit = Some(series.max(1));
        self
    }

    /// Ends series of gauges that were not set for this time, and series of up-down counters that
    /// stayed at zero for this time (default: never). Without this option, a series that is used once is
    /// sent, and billed, until the process ends. Setting the gauge, or a change of the sum, begins the
    /// series again.
    ///
    /// The time is counted from the first push with the last value. The option applies to gauges of
    /// `gauge!`: `#[observed]` gauges are polled for each push and do not end, and a reader with
    /// cumulative temporality keeps the last value. It applies to all up-down counters that the
    /// built-in exporter sends, including `#[in_flight]`, `#[measured]` and the OpenTelemetry API;
    /// other exporters still receive their zeros.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::builder()
    ///     .gauge_expiry(Duration::from_secs(600))
    ///     .install()?;
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Environment variable: `DT_METRICS_GAUGE_EXPIRY`, a duration such as `10s`, `500ms` or `1m30s`.
    pub fn gauge_expiry(mut self, after: Duration) -> Self {
        self.dynatrace.give("gauge_expiry");
        self.dynatrace.pipeline.gauge_expiry = Some(after);
        self
    }

    /// Sets whether the fields of [`Handle::health`] are also exported as metrics, such as
    /// `dt_metrics.exporter.points_accepted` (default: `false`). Only the built-in exporter has these
    /// metrics.
    ///
    /// Environment variable: `DT_METRICS_HEALTH_METRICS`, `true` or `false`.
    pub fn health_metrics(mut self, export: bool) -> Self {
        self.dynatrace.give("health_metrics");
        self.dynatrace.pipeline.health_metrics = export;
        self
    }

    /// Limits the time that dropping the [`Handle`] blocks, and the time that
    /// [`flush_on_termination`](Self::flush_on_termination) delays a signal (default: 5 seconds). With
    /// zero, neither waits: pending metrics that are not in a [`spool_dir`](Self::spool_dir) are lost.
    ///
    /// Environment variable: `DT_METRICS_SHUTDOWN_TIMEOUT`, a duration such as `10s`, `500ms` or
    /// `1m30s`.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.dynatrace.give("shutdown_timeout");
        self.dynatrace.pipeline.shutdown_timeout = Some(timeout);
        self
    }

    /// Sets whether each push is also printed to stderr, for development (default: `false`). Each series is
    /// printed on one line, with its value and its dimensions.
    ///
    /// ```text
    /// metrics at 13:21:47 UTC: 2 metrics, 3 series
    ///   orders.calls     +12                                         outcome=ok, region=eu
    ///   orders.calls     +1                                          outcome=err, region=eu
    ///   orders.duration  count=13 min=0.002 s max=0.25 s sum=0.87 s  region=eu
    /// ```
    ///
    /// Printing never delays the program: if stderr is closed, or is a pipe that no process reads, pushes are
    /// not printed. Default dimensions, control characters and values that contain a token are never
    /// printed. A push of more than 200 series is cut.
    ///
    /// ```
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::builder().console(true).install()?;
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Environment variable: `DT_METRICS_CONSOLE`, `true` or `false`; `OTEL_METRICS_EXPORTER=console`
    /// also turns printing on.
    pub fn console(mut self, print: bool) -> Self {
        self.dynatrace.give("console");
        self.dynatrace.pipeline.console = print;
        self
    }

    /// Adds an exporter to the built-in exporter. You can add any number of exporters. Each exporter receives
    /// all metrics once per push interval, with the temporality that it prefers. With
    /// [`no_exporter`](Self::no_exporter), only the added exporters are used.
    ///
    /// Each exporter has a thread of the SDK and a collection of its own: an exporter that fails, hangs or
    /// panics neither delays other exporters nor loses their data. A [`flush`](Handle::flush) or a
    /// [`shutdown`](Handle::shutdown) returns the error of a failing exporter after the other exporters
    /// have delivered. If you also use [`configure_provider`](Self::configure_provider), a flush runs
    /// through the exporters one after the other, beginning with the built-in one.
    ///
    /// The options of this builder about sending (endpoint, token, prefix, dimensions, buffers)
    /// apply to the built-in exporter. [`Handle::health`] does not cover added exporters.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let second = Exporter::builder().prefix("shop").build()?;
    /// let metrics = dt_metrics::builder().exporter(second.clone()).install()?;
    /// println!("{:?}", second.health());
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exporter(mut self, exporter: impl PushMetricExporter) -> Self {
        self.dynatrace.give("exporter");
        self.settings.exporters.push(AddedExporter::new(exporter));
        self
    }

    /// Sends the metrics over OTLP (protobuf over HTTP), in place of the line protocol.
    ///
    /// The first entry in this list that applies is the destination:
    ///
    /// 1. the URL of [`endpoint`](Self::endpoint) or `DT_METRICS_ENDPOINT`: a Dynatrace environment in
    ///    the form for lines (`…/api/v2/metrics/ingest` becomes `…/api/v2/otlp/v1/metrics`), or any
    ///    path that ends in `/v1/metrics`;
    /// 2. the Collector of `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT`,
    ///    configured by `OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT`, `…_CERTIFICATE` and
    ///    `…_METRICS_TEMPORALITY_PREFERENCE`, and without the token for Dynatrace;
    /// 3. Dynatrace, at the URL in `DT_METRICS_INGEST_URL` or in the file of the Kubernetes operator;
    /// 4. a Collector on this host, `http://localhost:4318/v1/metrics`.
    ///
    /// Counters and histograms are deltas, unless another temporality is configured for a Collector.
    /// Prefix, default dimensions and the host's dimensions are added as for metric lines. A
    /// collection of more than 15,000 data points or 4 MB, the limits of Dynatrace for one request,
    /// is sent in parts. With `OTEL_EXPORTER_OTLP_COMPRESSION=gzip`, which Dynatrace recommends,
    /// requests shrink to about a tenth of their size.
    ///
    /// The delivery works as for lines: pending requests are retried for an hour, and with
    /// [`spool_dir`](Self::spool_dir) also by the next process.
    /// [`delivery_guarantee`](Self::delivery_guarantee) and
    /// [`on_delivery_event`](Self::on_delivery_event) apply. [`Handle::health`] counts data points;
    /// points that a receiver rejects in an accepted request are in `points_rejected`. A token is
    /// never sent unencrypted to another host without
    /// [`allow_cleartext_token`](Self::allow_cleartext_token).
    ///
    /// To send over OTLP and as metric lines, also add the exporter for metric lines. A delay of one
    /// exporter does not affect the other exporter, and each has its own
    /// [`health`](dynatrace::Exporter::health); the handle returns the health of the OTLP exporter.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lines = Exporter::builder().build()?;
    /// let metrics = dt_metrics::builder().otlp().exporter(lines.clone()).install()?;
    ///
    /// println!("data points over OTLP: {}", metrics.health().points_accepted);
    /// println!("lines: {}", lines.health().points_accepted);
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Environment variable: `DT_METRICS_OTLP`, `true` or `false`; `OTEL_METRICS_EXPORTER=otlp` also
    /// selects OTLP.
    #[cfg(feature = "otlp")]
    pub fn otlp(mut self) -> Self {
        self.dynatrace.give("otlp");
        self.dynatrace.format = Format::Otlp;
        self
    }

    /// Turns the built-in exporter off. Only the exporters that you add with [`exporter`](Self::exporter), and
    /// the readers that you add with [`configure_provider`](Self::configure_provider), receive metrics.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let exporter = Exporter::builder().prefix("shop").build()?;
    /// let metrics = dt_metrics::builder().no_exporter().exporter(exporter).install()?;
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Environment variable: `DT_METRICS_NO_EXPORTER`, `true` or `false`; `OTEL_METRICS_EXPORTER=none`
    /// also turns the built-in exporter off.
    pub fn no_exporter(mut self) -> Self {
        self.dynatrace.give("no_exporter");
        self.dynatrace.pipeline.no_exporter = true;
        self
    }

    /// Calls a function with the builder of the SDK's provider, to add readers, views and resources.
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
        self.dynatrace.give("configure_provider");
        self.settings.configure.push(Box::new(configure));
        self
    }

    /// Sets whether the provider of the pipeline becomes OpenTelemetry's global provider (default: `true`).
    /// With the global provider, metrics that the program and its libraries measure with the OpenTelemetry
    /// API are also exported.
    ///
    /// Environment variable: `DT_METRICS_SET_GLOBAL`, `true` or `false`.
    pub fn set_global(mut self, global: bool) -> Self {
        self.dynatrace.give("set_global");
        self.dynatrace.pipeline.not_global = !global;
        self
    }

    /// Sets whether [`install`](Self::install) fails if instruments with the same name have different kinds,
    /// units or objectives (default: `false`). Use this option in tests and CI, since a dependency can bring
    /// in a conflicting instrument.
    ///
    /// Without this option, a warning names both places. If kind or unit differ, the first instrument is
    /// exported, and the data points of the other instrument are dropped and counted in
    /// [`Health`](crate::Health) as `conflicting_definition`. If only the objectives differ, both instruments
    /// are exported.
    ///
    /// Environment variable: `DT_METRICS_STRICT`, `true` or `false`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.dynatrace.give("strict");
        self.dynatrace.pipeline.strict = strict;
        self
    }

    /// Sets whether pending metrics are delivered on SIGTERM or SIGINT before the signal takes effect
    /// (default: `false`). The delivery takes [`shutdown_timeout`](Self::shutdown_timeout) at most.
    ///
    /// After the delivery, a program without a handler of these signals ends with the exit status of the
    /// signal, and a handler that was installed before `install` is called. A second signal takes effect at
    /// once. A handler that is installed after `install`, for example by tokio's `ctrl_c`, is called at once,
    /// and metrics are delivered at the same time. An ignored signal stays ignored.
    ///
    /// `std::process::exit` delivers as [`Handle`] describes. Other ends of a process do not deliver
    /// metrics: `abort` (call [`Handle::shutdown`] before it), a panic with `panic = "abort"` in the
    /// profile (set a panic hook that calls [`Handle::flush`]), and SIGKILL. On other platforms than
    /// Unix this option only logs a warning.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let _metrics = dt_metrics::builder().flush_on_termination(true).install()?;
    /// loop {
    ///     std::thread::park(); // until SIGTERM
    /// }
    /// # }
    /// ```
    ///
    /// Environment variable: `DT_METRICS_FLUSH_ON_TERMINATION`, `true` or `false`.
    pub fn flush_on_termination(mut self, flush: bool) -> Self {
        self.dynatrace.give("flush_on_termination");
        self.dynatrace.pipeline.flush_on_termination = flush;
        self
    }

    /// Tries this configuration with one data point, and reports what to fix, like
    /// [`check`](crate::check). Blocks for ten seconds at most.
    ///
    /// The call tries the delivery of metric lines, or with `otlp` the delivery over OTLP. Added exporters are
    /// not tried.
    ///
    /// ```
    /// let report = dt_metrics::builder().endpoint("http://127.0.0.1:1/metrics/ingest").check();
    /// assert_eq!(
    ///     report.problem(),
    ///     Some(dt_metrics::dynatrace::Problem::ConnectionRefused)
    /// );
    /// ```
    pub fn check(&self) -> CheckReport {
        let mut options = self.dynatrace.clone();
        options.warnings = dynatrace::unknown_variables(&dynatrace::process_names());
        dynatrace::check(options, &dynatrace::process_environment)
    }

    /// Checks the configuration and starts the pipeline.
    ///
    /// You can call `install` on a plain thread and inside any async runtime. It does no I/O on the calling
    /// thread.
    ///
    /// # Errors
    ///
    /// After an error, nothing is installed.
    ///
    /// - [`Error::AlreadyInstalled`] if a pipeline is installed and has not been shut down.
    /// - [`Error::Config`] if the built-in exporter cannot be built, for example because of an invalid option.
    /// - [`Error::Thread`] if the operating system cannot start a thread.
    /// - [`Error::Conflicts`] if instruments conflict, with [`strict`](Self::strict).
    /// - [`Error::Signal`] if signals cannot be caught, with
    ///   [`flush_on_termination`](Self::flush_on_termination).
    pub fn install(self) -> Result<Handle, Error> {
        install(self.dynatrace, self.settings)
    }
}

/// Without secrets.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("dynatrace", &self.dynatrace)
            .field("exporters", &self.settings.exporters.len())
            .finish_non_exhaustive()
    }
}
