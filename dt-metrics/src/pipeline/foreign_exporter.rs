//! What the program's exporters say of their failures: the SDK's reader passes on that there was
//! one, and no more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

/// So many are kept: there are few exporters.
const MAX: usize = 8;

/// Of all exporters of one pipeline, the latest.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(Arc<Mutex<Vec<String>>>);

impl Failures {
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// The error that the SDK gave, with the reasons that it left out.
    pub(super) fn explain(&self, error: OTelSdkError) -> OTelSdkError {
        let reasons = std::mem::take(&mut *self.lock());
        match error {
            OTelSdkError::InternalFailure(_) if !reasons.is_empty() => {
                OTelSdkError::InternalFailure(reasons.join("; "))
            }
            other => other,
        }
    }

    fn note(&self, result: OTelSdkResult) -> OTelSdkResult {
        if let Err(error) = &result {
            let reason = match error {
                OTelSdkError::InternalFailure(reason) => reason.clone(),
                other => other.to_string(),
            };
            let mut reasons = self.lock();
            if !reasons.contains(&reason) {
                if reasons.len() == MAX {
                    reasons.remove(0);
                }
                reasons.push(reason);
            }
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exporter whose failures are noted.
pub(super) struct Noted<E> {
    pub(super) exporter: E,
    pub(super) failures: Failures,
}

impl<E: PushMetricExporter> PushMetricExporter for Noted<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.failures.note(self.exporter.export(metrics).await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.failures.note(self.exporter.force_flush())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.failures
            .note(self.exporter.shutdown_with_timeout(timeout))
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.failures.note(self.exporter.shutdown())
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
