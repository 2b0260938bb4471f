//! What a program can set, but for exporters.

use std::time::Duration;

use super::Builder;
use crate::dynatrace::shared_options;

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
        self.push_interval = Some(interval).filter(|interval| !interval.is_zero());
        self
    }

    /// The name of the service, OpenTelemetry's resource attribute `service.name`.
    ///
    /// Default: `OTEL_SERVICE_NAME`, else `service.name` of `OTEL_RESOURCE_ATTRIBUTES`, else none: a
    /// name that the SDK makes up (`unknown_service`) is not sent. It is the dimension
    /// `service.name` of every line.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// The most series of an instrument with run-time dimensions (default 2,000; 0 is taken as 1).
    /// What is beyond is counted in one series with `otel.metric.overflow=true`, and one warning
    /// names the place of the annotation.
    ///
    /// `max_series = n` in an annotation wins. Series that exist when metrics are installed stay;
    /// those of counters, histograms and gauges that are idle for a few collections make room,
    /// unless a reader is cumulative.
    /// Where all dimensions are literals, `bool` or enums, up to 1,024 combinations are always kept
    /// apart.
    pub fn cardinality_limit(mut self, series: u32) -> Self {
        self.cardinality_limit = Some(series.max(1));
        self
    }

    /// Whether the exporter's own numbers are metrics, too (default: no): what
    /// [`Handle::health`](crate::Handle::health) says, as `dt_metrics.exporter.lines_ok` and so on.
    /// For exporters other than Dynatrace's there are none.
    pub fn health_metrics(mut self, export: bool) -> Self {
        self.health_metrics = export;
        self
    }

    /// How long dropping the [`Handle`](crate::Handle) may take, and a signal with
    /// [`flush_on_termination`](Self::flush_on_termination) (default: 5 seconds). With zero nothing
    /// is waited for: what is not in a [`spool_dir`](Self::spool_dir) is lost then.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = Some(timeout);
        self
    }

    /// Whether to make the provider OpenTelemetry's global one (default: yes), so that metrics that
    /// the program and its libraries measure by the OpenTelemetry API are exported, too.
    pub fn set_global(mut self, global: bool) -> Self {
        self.not_global = !global;
        self
    }

    /// Whether instruments of one name that disagree on kind or unit are an error (default: no;
    /// the first stays, the other is not exported, is counted in [`Health`](crate::Health) as
    /// `conflicting_definition`, and a warning names both places). For tests and CI: a dependency
    /// can bring in such an instrument.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
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
    /// and `abort` (call [`Handle::shutdown`](crate::Handle::shutdown) before them), a panic with
    /// `panic = "abort"` in the profile (set a panic hook that calls
    /// [`Handle::flush`](crate::Handle::flush)), SIGKILL. Unix only: elsewhere a warning is all it
    /// does.
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
        self.flush_on_termination = flush;
        self
    }
}
