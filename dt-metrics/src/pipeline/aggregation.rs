//! The time in which a reader aggregates a collection: from the end of the callback until the
//! exporter has the data.
//!
//! The SDK aggregates one instrument after the other. A value that got into a histogram meanwhile
//! would be in this collection, while the count of the same call is in the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

/// A reader whose exporter is not one of the pipeline's, or who has nothing to export, is done after
/// this time.
const LIMIT: Duration = Duration::from_millis(100);

/// The readers that aggregate now, by their threads.
#[derive(Clone, Debug, Default)]
pub(super) struct Aggregation(Arc<Mutex<Vec<(ThreadId, Instant)>>>);

impl Aggregation {
    /// This thread's callback is about to end.
    pub(super) fn begin(&self) {
        let mut readers = self.lock();
        readers.retain(|(_, since)| since.elapsed() < LIMIT);
        readers.push((thread::current().id(), Instant::now()));
    }

    /// Whether some reader aggregates.
    pub(super) fn is_under_way(&self) -> bool {
        self.lock().iter().any(|(_, since)| since.elapsed() < LIMIT)
    }

    /// This thread has the data.
    fn end(&self) {
        let this = thread::current().id();
        self.lock().retain(|(reader, _)| *reader != this);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(ThreadId, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exporter that ends the aggregation of its reader.
pub(super) struct Watched<E> {
    pub(super) exporter: E,
    pub(super) aggregation: Aggregation,
}

impl<E: PushMetricExporter> PushMetricExporter for Watched<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.aggregation.end();
        self.exporter.export(metrics).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.exporter.shutdown()
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
