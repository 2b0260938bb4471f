//! The exporter as programs and the SDK see it.

use crate::dynatrace::buffer::flush::{Mark, Patience, flush};
use crate::dynatrace::buffer::{Rest, Shared};
use crate::dynatrace::config::Config;
use crate::dynatrace::config::builder::ExporterBuilder;
use crate::dynatrace::config::environment::{Environment, process_environment};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::delivery::{sender, spooler};
use crate::dynatrace::encode::Encoder;
use crate::dynatrace::error::{ConfigError, ExportError};
use crate::dynatrace::health::DropReason;
use crate::dynatrace::health::Health;
use crate::dynatrace::health_metrics::observe;
use crate::dynatrace::transport::reload::Rotating;
use opentelemetry::metrics::Meter;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much longer a shutdown takes at most, so that its threads are gone and the next exporter
/// has the spool.
const MAX_GRACE: Duration = Duration::from_millis(100);

/// Sends metrics to Dynatrace.
///
/// A handle: clones are the same exporter, so that a program can give one to a reader and keep
/// another to ask for [`health`](Self::health). Exporting writes lines into a buffer and returns;
/// a thread of the exporter sends them.
///
/// A child that is forked has no such thread: there, every call says so ([`ExportError::Forked`])
/// and waits for nothing. What the parent had buffered is the parent's to deliver.
///
/// The thread ends with [`shutdown`](Self::shutdown) or with the last handle. Dropping waits for
/// nothing: what was not delivered by then is lost, unless there is a spool, so shut down first
/// (an `SdkMeterProvider` does when it is shut down itself).
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
/// // Here nothing listens, so this says what to configure.
/// if let Err(error) = exporter.shutdown(Duration::from_secs(1)) {
///     println!("{error}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Exporter {
    inner: Arc<Inner>,
}

/// Tells the program's function about points that were dropped before the exporter had them.
#[derive(Clone, Debug)]
pub(crate) struct Losses(Arc<Shared>);

impl Losses {
    pub(crate) fn tell(&self, reason: DropReason, metric: Option<&str>, points: u64) {
        self.0.points_lost(reason, metric, points);
    }
}

impl ExporterBuilder {
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

struct Inner {
    encoder: Mutex<Encoder>,
    shared: Arc<Shared>,
    transport: Arc<Rotating>,
    temporality: Temporality,
}

impl Exporter {
    /// Starts with everything as found on the host.
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
        Self::start(&Config::resolve(options, environment)?)
    }

    pub(crate) fn start(config: &Config) -> Result<Self, ConfigError> {
        let shared = Arc::new(Shared::with(config.buffer_limit_bytes, config.ambiguous));
        let transport = Arc::new(Rotating::new(config)?);
        let watch = transport.clone().watch(shared.clone());
        let listener = config.listener.clone();
        let spool = match &config.spool {
            Some(spool) if spooler::start(&shared, spool, config.protocol.format())? => {
                Some(spool.path.as_path())
            }
            _ => None,
        };
        sender::start(shared.clone(), transport.clone(), listener, watch).inspect_err(|_| {
            // The other thread ends, too.
            shared.stop();
        })?;
        config.log(spool);
        Ok(Self {
            inner: Arc::new(Inner {
                encoder: Mutex::new(Encoder::new(config)),
                shared,
                transport,
                temporality: config.protocol.temporality(),
            }),
        })
    }

    /// What became of everything so far.
    #[must_use]
    pub fn health(&self) -> Health {
        self.inner.shared.health()
    }

    /// Makes instruments of `meter` that say what [`health`](Self::health) says:
    /// `dt_metrics.exporter.points_accepted` and so on, the fields of [`Health`]; what was dropped also by
    /// `reason`, in `dt_metrics.exporter.dropped`.
    ///
    /// With a meter of the provider that this exporter exports, the numbers are sent to Dynatrace
    /// with all others. They include the lines that said so last time.
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
        observe(meter, &self.inner.shared);
    }

    /// Waits until every line that was exported before this call is answered or dropped.
    ///
    /// If the exporter pauses after a failure, it tries at once. This does not collect from the
    /// provider: call its `force_flush` first.
    ///
    /// # Errors
    ///
    /// When `timeout` is over, when the endpoint refuses and waiting would not help (such as a
    /// wrong token), after a shutdown, or in a forked child; at once where no endpoint is
    /// configured and no OneAgent was ever there ([`ExportError::NoEndpoint`]). What was not
    /// delivered stays in the buffer.
    pub fn flush(&self, timeout: Duration) -> Result<(), ExportError> {
        let mark = self.mark()?;
        self.flush_since(mark, timeout)
    }

    /// What is refused from now on is an error of the calls that are given this.
    pub(crate) fn mark(&self) -> Result<Mark, ExportError> {
        if self.inner.shared.is_inherited() {
            return Err(ExportError::Forked);
        }
        Ok(self.inner.shared.mark())
    }

    pub(crate) fn flush_since(&self, mark: Mark, timeout: Duration) -> Result<(), ExportError> {
        let deadline = Instant::now().checked_add(timeout);
        flush(&self.inner.shared, mark, timeout, self.patience())?;
        // What is answered leaves the disk, so that a kill after this call doubles nothing.
        let disk_deadline = Shared::disk_deadline();
        self.inner
            .shared
            .wait_for_disk(deadline.map_or(disk_deadline, |end| end.min(disk_deadline)));
        Ok(())
    }

    /// Flushes, then stops the exporter. What was not delivered in time stays in the spool, if
    /// there is one, for the next process; else it is dropped and counted (`shutdown`).
    ///
    /// Where no endpoint is configured and no OneAgent was ever there, none is waited for. A second
    /// call does nothing.
    ///
    /// # Errors
    ///
    /// As for [`flush`](Self::flush), if lines were not delivered; the exporter is stopped all the
    /// same.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), ExportError> {
        let mark = self.mark()?;
        self.shutdown_since(mark, timeout)
    }

    pub(crate) fn shutdown_since(&self, mark: Mark, timeout: Duration) -> Result<(), ExportError> {
        let shared = &self.inner.shared;
        if shared.lock().is_stopped() {
            return Ok(());
        }
        let deadline = Instant::now().checked_add(timeout);
        let result = flush(shared, mark, timeout, self.patience());
        self.inner.stop();
        // The threads leave at once, but in an outage all the time is used up by now.
        let grace = Instant::now() + (timeout / 20).min(MAX_GRACE);
        shared.wait_for_exit(deadline.map(|deadline| deadline.max(grace)));
        match result {
            // Somebody else shut it down meanwhile.
            Err(ExportError::ShutDown) => Ok(()),
            result => result,
        }
    }

    /// Where nobody said that somebody is there, and nobody was so far, none is waited for. A
    /// OneAgent that was there comes back.
    fn patience(&self) -> Patience {
        if self.inner.transport.is_unconfigured() && self.health().requests_accepted == 0 {
            Patience::IfSomebodyListens
        } else {
            Patience::Full
        }
    }

    /// For those who drop points before they come here.
    pub(crate) fn losses(&self) -> Losses {
        Losses(self.inner.shared.clone())
    }

    /// From now on requests are sent so long after their collection, unless somebody waits.
    pub(crate) fn spread(&self, by: Duration) {
        self.inner.shared.lock().spread = by;
    }

    /// Lets the exporter attempt at once, if it pauses.
    pub(crate) fn hurry(&self) {
        if !self.inner.shared.is_inherited() {
            self.inner.shared.retry_now();
        }
    }

    /// The same exporter for a reader whose shutdown must not wait: the pipeline keeps the
    /// deadline itself, by [`Exporter::shutdown`].
    pub(crate) fn for_pipeline(self) -> impl PushMetricExporter {
        ForPipeline(self)
    }

    pub(crate) fn preferred_temporality(&self) -> Temporality {
        self.inner.temporality
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter")
            .field("endpoint", &self.inner.transport.endpoint())
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn stop(&self) {
        if self.shared.is_inherited() {
            return;
        }
        let Rest { lost, left } = self.shared.stop();
        if lost > 0 {
            tracing::warn!(
                target: "dt_metrics",
                lines = lost,
                endpoint = %self.transport.endpoint(),
                "the exporter stopped before these lines were delivered"
            );
        }
        if left > 0 {
            tracing::warn!(
                target: "dt_metrics",
                lines = left,
                endpoint = %self.transport.endpoint(),
                "the exporter stopped before these lines were delivered; they wait in the spool"
            );
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

// ===== from exporter::take: //! A collection, from the SDK into the queue.
impl Exporter {
    pub(crate) fn take(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let shared = &self.inner.shared;
        if shared.is_inherited() {
            return Err(sdk_error(ExportError::Forked));
        }
        if shared.lock().is_stopped() {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        // Encoding and queueing under one lock: two readers must not swap the order of a series.
        // A panic would leave the buffers of the encoder in order, if not empty.
        let mut encoder = self
            .inner
            .encoder
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut begins = true;
        let disk_deadline = Shared::disk_deadline();
        let encoded = encoder.encode(metrics, tokio::time::Instant::now(), |bodies| {
            // Stopped meanwhile: the last ones will tell.
            let _taken = shared.enqueue_part(bodies, std::mem::take(&mut begins));
            // What is on disk makes room in memory for what comes.
            shared.wait_for_disk(disk_deadline);
        });
        shared.note(&encoded.report);
        let taken = shared.enqueue_part(encoded.bodies, begins);
        drop(encoder);
        shared.wait_for_disk(disk_deadline);
        for warning in encoded.report.warnings {
            tracing::warn!(target: "dt_metrics", "{warning}");
        }
        if taken {
            Ok(())
        } else {
            Err(OTelSdkError::AlreadyShutdown)
        }
    }
}

// ===== from push: //! The exporter as readers of the SDK see it.
/// How long the SDK's own calls wait: what the SDK itself waits by default.
const SDK_TIMEOUT: Duration = Duration::from_secs(5);

impl PushMetricExporter for Exporter {
    /// Writes the lines into the buffer. Does no I/O and waits for none; with a spool it waits
    /// until they are in their files, up to half a second.
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.take(metrics)
    }

    /// Waits up to five seconds; [`Exporter::flush`] takes a time.
    fn force_flush(&self) -> OTelSdkResult {
        self.flush(SDK_TIMEOUT).map_err(sdk_error)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        Self::shutdown(self, timeout).map_err(sdk_error)
    }

    /// Deltas, unless a Collector is asked for something else.
    fn temporality(&self) -> Temporality {
        self.preferred_temporality()
    }
}

/// For a reader whose shutdown must not wait.
pub(crate) struct ForPipeline(pub(crate) Exporter);

impl PushMetricExporter for ForPipeline {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.0.take(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.0.temporality()
    }
}

/// The SDK's nearest word for it.
pub(crate) fn sdk_error(error: ExportError) -> OTelSdkError {
    match error {
        ExportError::ShutDown => OTelSdkError::AlreadyShutdown,
        ExportError::Deadline {
            timeout,
            last_error: None,
        } => OTelSdkError::Timeout(timeout),
        other => OTelSdkError::InternalFailure(other.to_string()),
    }
}
