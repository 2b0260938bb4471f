//! Exporters that the program adds, and the reasons of their failures: the SDK's reader passes on
//! that there was a failure, but not its reason.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader, Temporality};

use super::aggregation::{Aggregation, Watched};
use crate::dynatrace::Exporter;

type AddToProvider = Box<
    dyn FnOnce(MeterProviderBuilder, Duration, Failures, Aggregation) -> MeterProviderBuilder
        + Send,
>;

/// An exporter that the program added to the builder.
pub(super) struct AddedExporter {
    add: AddToProvider,
    /// The exporter, if it is one of this crate's.
    pub(super) ours: Option<Exporter>,
}

impl AddedExporter {
    pub(super) fn new(exporter: impl PushMetricExporter) -> Self {
        let ours = (&exporter as &dyn Any).downcast_ref().cloned();
        let add = Box::new(
            move |provider: MeterProviderBuilder, interval, failures, aggregation| {
                let noted = Watched {
                    exporter: Noted { exporter, failures },
                    aggregation,
                };
                let reader = PeriodicReader::builder(noted).with_interval(interval);
                provider.with_reader(reader.build())
            },
        );
        Self { add, ours }
    }

    /// Makes the provider collect for this exporter at each interval.
    pub(super) fn add_to(
        self,
        provider: MeterProviderBuilder,
        interval: Duration,
        failures: Failures,
        aggregation: Aggregation,
    ) -> MeterProviderBuilder {
        (self.add)(provider, interval, failures, aggregation)
    }
}

/// The most failures that are kept: there are few exporters.
const MAX: usize = 8;

/// The latest failures of all foreign exporters of one pipeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(Arc<Mutex<Vec<String>>>);

impl Failures {
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// The error that the SDK returned, with the reasons that it leaves out.
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
struct Noted<E> {
    exporter: E,
    failures: Failures,
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
