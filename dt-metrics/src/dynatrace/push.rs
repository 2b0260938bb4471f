//! The exporter as readers of the SDK see it.

use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::{ExportError, Exporter};

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
pub(super) struct ForPipeline(pub(super) Exporter);

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
pub(super) fn sdk_error(error: ExportError) -> OTelSdkError {
    match error {
        ExportError::ShutDown => OTelSdkError::AlreadyShutdown,
        ExportError::Deadline {
            timeout,
            last_error: None,
        } => OTelSdkError::Timeout(timeout),
        other => OTelSdkError::InternalFailure(other.to_string()),
    }
}
