//! The exporter as programs and the SDK see it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::metrics::Meter;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use crate::dynatrace::buffer::flush::{FlushStart, Patience, flush};
use crate::dynatrace::buffer::{Buffer, Undelivered};
use crate::dynatrace::config::builder::ExporterBuilder;
use crate::dynatrace::config::environment::{Environment, process_environment, sdk_disabled};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::{Config, spool_ignored};
use crate::dynatrace::delivery::cells::{Cells, Collecting};
use crate::dynatrace::delivery::{sender, spooler};
use crate::dynatrace::encode::Encoder;
use crate::dynatrace::error::{ConfigError, ExportError};
use crate::dynatrace::health::{DropReason, Health};
use crate::dynatrace::health_metrics::observe;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::transport::reload::ReloadingTransport;
use crate::instrument::Memory;

/// How much longer than its time a shutdown may take, so that the threads are gone and the next
/// exporter has the spool.
const MAX_GRACE: Duration = Duration::from_millis(100);

/// An OpenTelemetry metrics exporter that sends metrics to Dynatrace.
///
/// An exporter is a handle, and all clones share one delivery: you can pass one clone to a reader and keep
/// another clone for [`health`](Self::health). Exporting writes data points into a buffer and returns; a
/// thread of the exporter sends the data points.
///
/// A forked child does not have the thread of the exporter: every call in the child returns
/// [`ExportError::Forked`] at once. The parent delivers its buffered data points.
///
/// The thread ends with [`shutdown`](Self::shutdown), or when the last clone is dropped. Dropping does not
/// block: pending data points are lost, unless you set [`spool_dir`](ExporterBuilder::spool_dir). Call
/// `shutdown` first. An `SdkMeterProvider` shuts its exporter down when you shut the provider down.
///
/// ```
/// use std::time::Duration;
///
/// use dt_metrics::dynatrace::Exporter;
/// use opentelemetry::metrics::MeterProvider;
/// use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let exporter = Exporter::builder().default_dimension("env", "test").build()?;
/// let reader = PeriodicReader::builder(exporter.clone()).build();
/// let provider = SdkMeterProvider::builder().with_reader(reader).build();
///
/// provider.meter("shop").u64_counter("orders").build().add(1, &[]);
/// // Nothing listens here, so the error says what to configure.
/// if let Err(error) = exporter.shutdown(Duration::from_secs(1)) {
///     println!("{error}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Exporter {
    inner: Arc<Inner>,
    /// Whether the pipeline flushes and shuts down by itself, with deadlines of its own, so that
    /// the SDK's calls must not wait.
    is_of_pipeline: bool,
}

/// Reports points that were dropped before the exporter had them.
#[derive(Clone, Debug)]
pub(crate) struct Losses(Arc<Buffer>);

impl Losses {
    pub(crate) fn tell(&self, reason: DropReason, metric: Option<&str>, points: u64) {
        self.0.report_dropped(reason, metric, points);
    }

    /// Reports points whose sum was out of range, and which are sent with the end of the range.
    pub(crate) fn tell_saturated(&self, metric: &str, points: u64) {
        self.0.report_saturated(metric, points);
    }
}

impl ExporterBuilder {
    /// Builds the exporter: checks the options, reads missing options from the environment and the host, and
    /// starts the thread that sends.
    ///
    /// # Errors
    ///
    /// Returns an error if a value is not usable ([`ConfigError`] names the option, its source and the
    /// reason), if the platform's certificates cannot be loaded, or if the thread cannot be started.
    pub fn build(self) -> Result<Exporter, ConfigError> {
        Exporter::new(self.options)
    }
}

struct Inner {
    buffer: Arc<Buffer>,
    /// `None` if the environment turns metrics off: there is no thread, and data points are ignored.
    delivery: Option<Delivery>,
}

struct Delivery {
    encoder: Mutex<Encoder>,
    transport: Arc<ReloadingTransport>,
    temporality: Temporality,
    /// The cells in the spool, if the pipeline keeps them there.
    cells: Option<Arc<Cells>>,
}

impl Exporter {
    /// Returns a builder for an exporter, with the configuration found in the environment and on the host.
    pub fn builder() -> ExporterBuilder {
        ExporterBuilder::default()
    }

    pub(crate) fn new(options: Options) -> Result<Self, ConfigError> {
        Self::with_environment(options, &process_environment)
    }

    pub(crate) fn with_environment(
        options: Options,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        if sdk_disabled(environment).0 {
            return Ok(Self::off(&options));
        }
        Self::start(&Config::resolve(options, environment)?)
    }

    /// An exporter that ignores everything.
    fn off(options: &Options) -> Self {
        let buffer = Buffer::new(options.buffer_limit_bytes, options.guarantee);
        Self {
            inner: Arc::new(Inner {
                buffer: Arc::new(buffer),
                delivery: None,
            }),
            is_of_pipeline: false,
        }
    }

    pub(crate) fn start(config: &Config) -> Result<Self, ConfigError> {
        let buffer = Arc::new(Buffer::new(
            config.options.buffer_limit_bytes,
            config.options.guarantee,
        ));
        let transport = Arc::new(ReloadingTransport::new(config)?);
        let options = &config.options;
        let (spool, cells) = match &options.spool_dir {
            Some(path) => {
                match (
                    spooler::start(&buffer, path, config),
                    options.source("spool_dir"),
                ) {
                    // A directory that only the environment names stops no program.
                    (Err(error), Source::Environment(variable)) => {
                        let warning = spool_ignored(variable, &error);
                        tracing::warn!(target: "dt_metrics", "{warning}");
                        (None, None)
                    }
                    (started, _) => started?,
                }
            }
            None => (None, None),
        };
        let on_change = {
            let (buffer, transport) = (buffer.clone(), transport.clone());
            let format = config.protocol.format;
            move || {
                let recipient = Recipient::new(format, &transport.endpoint());
                buffer.update(|state| state.queue.spooled.want_recipient(recipient));
                buffer.hurry();
            }
        };
        let watch = transport.clone().watch(on_change);
        let listener = config.options.listener.clone();
        sender::start(buffer.clone(), transport.clone(), listener, watch).inspect_err(|_| {
            // The spooler ends as well.
            buffer.stop();
        })?;
        config.log(spool);
        Ok(Self {
            inner: Arc::new(Inner {
                buffer,
                delivery: Some(Delivery {
                    encoder: Mutex::new(Encoder::new(config)),
                    transport,
                    temporality: config.protocol.temporality,
                    cells,
                }),
            }),
            is_of_pipeline: false,
        })
    }

    /// Returns the counts of all data points so far: accepted, rejected, dropped and pending.
    #[must_use]
    pub fn health(&self) -> Health {
        self.inner.buffer.health()
    }

    /// Creates instruments of `meter` that report the fields of [`Health`]:
    /// `dt_metrics.exporter.points_accepted` and so on, and `dt_metrics.exporter.dropped` with the
    /// dimension `reason`.
    ///
    /// If `meter` belongs to the provider of this exporter, the exporter sends these metrics to Dynatrace
    /// together with all other metrics.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    /// use opentelemetry::metrics::MeterProvider;
    /// use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
    ///
    /// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
    /// let exporter = Exporter::builder().build()?;
    /// let provider = SdkMeterProvider::builder()
    ///     .with_reader(PeriodicReader::builder(exporter.clone()).build())
    ///     .build();
    /// exporter.observe_health(&provider.meter("exporter"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn observe_health(&self, meter: &Meter) {
        observe(meter, &self.inner.buffer);
    }

    /// Blocks until every data point that was exported before this call is answered or dropped, for `timeout`
    /// at most.
    ///
    /// If the exporter pauses after a failure, it retries at once. This call does not collect from the
    /// provider: call `force_flush` of the provider first.
    ///
    /// # Errors
    ///
    /// After an error, data points that were not delivered stay pending.
    ///
    /// - [`ExportError::Deadline`] if `timeout` expires.
    /// - [`ExportError::Refused`] if the endpoint rejects requests and waiting would not help, for example
    ///   because of a wrong token; at once if the endpoint is on this host and nothing ever listened there.
    /// - [`ExportError::NoEndpoint`] if no endpoint is configured and no OneAgent listens on this host.
    /// - [`ExportError::ShutDown`] after a shutdown.
    /// - [`ExportError::Forked`] in a forked child.
    pub fn flush(&self, timeout: Duration) -> Result<(), ExportError> {
        let start = self.start_flush()?;
        self.flush_since(start, timeout)
    }

    /// Starts a flush: requests that are refused from now on make the calls below fail.
    pub(crate) fn start_flush(&self) -> Result<FlushStart, ExportError> {
        if self.inner.buffer.is_inherited() {
            return Err(ExportError::Forked);
        }
        Ok(FlushStart::now(&self.inner.buffer))
    }

    pub(crate) fn flush_since(
        &self,
        start: FlushStart,
        timeout: Duration,
    ) -> Result<(), ExportError> {
        let deadline = Instant::now().checked_add(timeout);
        self.wait_until_settled(start, timeout)?;
        // Delivered requests leave the disk, so that a kill after this call doubles nothing.
        self.inner.buffer.wait_for_disk(deadline);
        Ok(())
    }

    /// Flushes, then stops the exporter. Blocks for `timeout` at most. Data points that were not delivered in
    /// time stay in the spool for the next process, if there is a spool; otherwise the data points are dropped
    /// and counted (`shutdown`).
    ///
    /// If the endpoint is on this host and nothing ever listened there, the call does not wait. A second call
    /// does nothing.
    ///
    /// # Errors
    ///
    /// The errors of [`flush`](Self::flush) if data points were not delivered. [`ExportError::Dropped`] if
    /// pending data points were dropped during this call, for any reason. The exporter is stopped in any
    /// case.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), ExportError> {
        let start = self.start_flush()?;
        self.shutdown_since(start, timeout)
    }

    pub(crate) fn shutdown_since(
        &self,
        start: FlushStart,
        timeout: Duration,
    ) -> Result<(), ExportError> {
        let buffer = &self.inner.buffer;
        if buffer.lock().is_stopped() || self.inner.delivery.is_none() {
            return Ok(());
        }
        let deadline = Instant::now().checked_add(timeout);
        let result = self.wait_until_settled(start, timeout);
        self.inner.stop();
        // The threads leave at once, but in an outage all the time is used up by now.
        let grace = Instant::now() + (timeout / 20).min(MAX_GRACE);
        buffer.wait_for_exit(deadline.map(|deadline| deadline.max(grace)));
        match result {
            // If everything was answered or dropped, or if another call was faster.
            Ok(()) | Err(ExportError::ShutDown) => start.check_dropped(&self.health()),
            result => result,
        }
    }

    /// Nobody waits for a server on this host that was never there. One that was there comes back.
    fn wait_until_settled(&self, start: FlushStart, timeout: Duration) -> Result<(), ExportError> {
        let Some(Delivery { transport, .. }) = &self.inner.delivery else {
            return Ok(());
        };
        let was_there = self.health().requests_accepted > 0;
        let patience = if transport.endpoint().is_loopback() && !was_there {
            Patience::IfSomebodyListens
        } else {
            Patience::Full
        };
        match flush(&self.inner.buffer, start, timeout, patience) {
            Err(ExportError::NoEndpoint { reason }) if !transport.is_unconfigured() => {
                Err(ExportError::Refused { reason })
            }
            result => result,
        }
    }

    pub(crate) fn losses(&self) -> Losses {
        Losses(self.inner.buffer.clone())
    }

    /// The memory for cells in the spool, if they are kept there.
    pub(crate) fn cells(&self) -> Option<Arc<dyn Memory>> {
        let cells = self.inner.delivery.as_ref()?.cells.as_ref()?;
        Some(cells.file().clone())
    }

    /// Lets the exporter attempt at once, if it pauses.
    pub(crate) fn hurry(&self) {
        if !self.inner.buffer.is_inherited() {
            self.inner.buffer.hurry();
        }
    }

    /// A handle to this delivery for a reader of the pipeline.
    pub(crate) fn for_pipeline(self) -> Self {
        Self {
            is_of_pipeline: true,
            ..self
        }
    }

    /// Writes a collection into the buffer.
    fn take(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let Inner { buffer, delivery } = &*self.inner;
        let Some(delivery) = delivery else {
            return Ok(());
        };
        if buffer.is_inherited() {
            return Err(sdk_error(ExportError::Forked));
        }
        if buffer.lock().is_stopped() {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        // Encoding and queueing under one lock: two readers must not swap the order of a series. A
        // panic would leave the buffers of the encoder in order, if not empty.
        let mut encoder = delivery
            .encoder
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = tokio::time::Instant::now();
        let mut collecting = Collecting::begin(buffer, delivery.cells.as_deref());
        // The last request of a collection is marked, so one waits until there is another one.
        let mut held_back = Vec::new();
        let written = encoder.encode(metrics, now, |bodies| {
            let bodies = std::mem::replace(&mut held_back, bodies);
            if bodies.is_empty() {
                return;
            }
            // The exporter stopped meanwhile: the last bodies report it.
            let _taken = buffer.enqueue(bodies);
            // Requests on disk make room in memory for the rest.
            buffer.wait_for_disk(None);
            collecting.make_room();
        });
        buffer.count(&written.report);
        held_back.extend(written.bodies);
        let taken = buffer.enqueue_rest(held_back);
        drop(encoder);
        if taken {
            buffer.wait_for_disk(None);
            drop(collecting);
        } else {
            collecting.give_up();
        }
        for warning in written.report.warnings {
            tracing::warn!(target: "dt_metrics", "{warning}");
        }
        if taken {
            Ok(())
        } else {
            Err(OTelSdkError::AlreadyShutdown)
        }
    }

    #[cfg(test)]
    pub(crate) fn buffer(&self) -> &Arc<Buffer> {
        &self.inner.buffer
    }
}

/// How long the SDK's own calls wait: as long as the SDK itself by default.
const SDK_TIMEOUT: Duration = Duration::from_secs(5);

impl PushMetricExporter for Exporter {
    /// Writes data points into the buffer. Does no I/O and does not wait, except for a spool: up to
    /// half a second, until they are in their files.
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.take(metrics)
    }

    /// Waits up to five seconds; [`Exporter::flush`] takes a time.
    fn force_flush(&self) -> OTelSdkResult {
        if self.is_of_pipeline {
            return Ok(());
        }
        self.flush(SDK_TIMEOUT).map_err(sdk_error)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.is_of_pipeline {
            return Ok(());
        }
        Self::shutdown(self, timeout).map_err(sdk_error)
    }

    /// Deltas, unless a Collector is configured for something else.
    fn temporality(&self) -> Temporality {
        let delivery = self.inner.delivery.as_ref();
        delivery.map_or(Temporality::Delta, |delivery| delivery.temporality)
    }
}

/// The SDK's nearest error.
fn sdk_error(error: ExportError) -> OTelSdkError {
    match error {
        ExportError::ShutDown => OTelSdkError::AlreadyShutdown,
        ExportError::Deadline {
            timeout,
            last_error: None,
        } => OTelSdkError::Timeout(timeout),
        other => OTelSdkError::InternalFailure(other.to_string()),
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delivery = self.inner.delivery.as_ref();
        let endpoint = delivery.map(|delivery| delivery.transport.endpoint());
        f.debug_struct("Exporter")
            .field("endpoint", &endpoint)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn stop(&self) {
        let Some(Delivery { transport, .. }) = &self.delivery else {
            return;
        };
        if self.buffer.is_inherited() {
            return;
        }
        let Undelivered { dropped, spooled } = self.buffer.stop();
        if dropped > 0 {
            tracing::warn!(
                target: "dt_metrics",
                points = dropped,
                endpoint = %transport.endpoint(),
                "the exporter stopped before these data points were delivered; they are dropped"
            );
        }
        if spooled > 0 {
            tracing::warn!(
                target: "dt_metrics",
                points = spooled,
                endpoint = %transport.endpoint(),
                "the exporter stopped before these data points were delivered; they stay in the \
                 spool for the next process"
            );
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}
