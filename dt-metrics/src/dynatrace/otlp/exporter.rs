//! The exporter as the pipeline and the SDK see it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use tokio::time::Instant;

use super::super::options::Options;
use super::super::push::sdk_error;
use super::super::target::{Environment, process_environment};
use super::super::{ConfigError, ExportError};
use super::alter::Alteration;
use super::destination::Destination;
use super::message::Message;
use super::queue::{Shared, Unsettled};
use super::send::Sender;
use super::worker;

/// Sends metrics by OTLP. A handle: clones are the same exporter.
#[derive(Clone)]
pub(crate) struct OtlpExporter {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    alteration: Alteration,
    temporality: Temporality,
    /// To be shown: without anything secret.
    endpoint: String,
}

/// What was lost before does not count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OtlpMark(u64);

impl OtlpExporter {
    pub(crate) fn new(options: Options) -> Result<Self, ConfigError> {
        Self::with_environment(options, &process_environment)
    }

    pub(super) fn with_environment(
        options: Options,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        let destination = Destination::find(options, environment)?;
        let config = &destination.config;
        let shared = Arc::new(Shared::new(
            config.buffer_limit_bytes,
            config.ambiguous,
            destination.is_default,
        ));
        let inner = Inner {
            shared: shared.clone(),
            alteration: Alteration::new(config),
            temporality: destination.temporality,
            endpoint: config.target.endpoint.to_string(),
        };
        let watcher = config.watcher.clone();
        worker::start(shared, Sender::new(destination)?, watcher)?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    pub(crate) fn mark(&self) -> OtlpMark {
        if self.inner.shared.is_inherited() {
            return OtlpMark(0);
        }
        OtlpMark(self.inner.shared.lost())
    }

    /// Waits until all that was exported is answered.
    pub(crate) fn flush_since(&self, mark: OtlpMark, timeout: Duration) -> Result<(), ExportError> {
        let shared = &self.inner.shared;
        if shared.is_inherited() {
            return Err(ExportError::Forked);
        }
        shared.wait(timeout).map_err(|unsettled| match unsettled {
            Unsettled::Late(last_error) => ExportError::Deadline {
                timeout,
                last_error,
            },
            Unsettled::Refused(reason) => ExportError::Refused { reason },
            Unsettled::Stopped => ExportError::ShutDown,
        })?;
        match shared.loss_since(mark.0) {
            Some(reason) => Err(ExportError::Refused { reason }),
            None => Ok(()),
        }
    }

    /// Flushes, then stops.
    pub(crate) fn shutdown_since(
        &self,
        mark: OtlpMark,
        timeout: Duration,
    ) -> Result<(), ExportError> {
        let result = self.flush_since(mark, timeout);
        self.inner.stop();
        result
    }

    /// Lets it attempt at once, if it pauses.
    pub(crate) fn hurry(&self) {
        if !self.inner.shared.is_inherited() {
            self.inner.shared.hurry();
        }
    }
}

impl PushMetricExporter for OtlpExporter {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let shared = &self.inner.shared;
        if shared.is_inherited() {
            return Err(sdk_error(ExportError::Forked));
        }
        let mut request = ExportMetricsServiceRequest::from(metrics);
        self.inner.alteration.apply(&mut request);
        let message = Message::new(request, Instant::now());
        if message.points == 0 || shared.enqueue(message) {
            Ok(())
        } else {
            Err(OTelSdkError::AlreadyShutdown)
        }
    }

    /// Nothing: the pipeline waits for the delivery itself.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    /// The same.
    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality
    }
}

impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter")
            .field("endpoint", &self.inner.endpoint)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn stop(&self) {
        if self.shared.is_inherited() {
            return;
        }
        let lost = self.shared.stop();
        if lost > 0 {
            tracing::warn!(
                target: "dt_metrics",
                points = lost,
                endpoint = %self.endpoint,
                "the exporter stopped before these data points were delivered"
            );
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}
