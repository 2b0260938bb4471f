//! Failures of exporters, with their reasons: the SDK's reader passes on that there was a failure, but
//! not its reason.

use std::any::Any;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use crate::dynatrace::Exporter;

/// The most failures that are kept: there are few exporters.
const MAX: usize = 8;

/// The latest failures of an exporter.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(Arc<Mutex<VecDeque<String>>>);

impl Failures {
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn take(&self) -> VecDeque<String> {
        std::mem::take(&mut *self.lock())
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
                    reasons.pop_front();
                }
                reasons.push_back(reason);
            }
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exporter whose failures are noted. Its panic is a failure, and does not end the reader.
pub(super) struct Noted<E> {
    pub(super) exporter: E,
    pub(super) failures: Failures,
}

/// Runs a part of an exporter that may panic.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, OTelSdkError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| OTelSdkError::InternalFailure("the exporter panicked".into()))
}

impl<E: PushMetricExporter> PushMetricExporter for Noted<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        // A function that is not `async` may panic before it returns its future.
        let mut export = pin!(async { self.exporter.export(metrics).await });
        let result = poll_fn(|context| {
            guarded(|| export.as_mut().poll(context))
                .unwrap_or_else(|panic| Poll::Ready(Err(panic)))
        });
        self.failures.note(result.await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        let result = guarded(|| self.exporter.force_flush());
        self.failures.note(result.and_then(|result| result))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let result = guarded(|| self.exporter.shutdown_with_timeout(timeout));
        self.failures.note(result.and_then(|result| result))
    }

    fn shutdown(&self) -> OTelSdkResult {
        let result = guarded(|| self.exporter.shutdown());
        self.failures.note(result.and_then(|result| result))
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

/// Whether an exporter is one of this crate's.
pub(super) fn own_exporter(exporter: &impl PushMetricExporter) -> Option<Exporter> {
    (exporter as &dyn Any).downcast_ref().cloned()
}
