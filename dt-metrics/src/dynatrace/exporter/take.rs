//! A collection, from the SDK into the queue.

use std::sync::PoisonError;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::super::ExportError;
use super::super::push::sdk_error;
use super::super::shared::Shared;
use super::Exporter;

impl Exporter {
    pub(in crate::dynatrace) fn take(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let shared = &self.inner.shared;
        if shared.is_inherited() {
            return Err(sdk_error(ExportError::Forked));
        }
        if shared.lock().is_stopped() {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        // Encoding and queueing under one lock: two readers must not swap the order of a series.
        // A panic would leave the buffers of the writer in order, if not empty.
        let mut writer = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        writer.metadata_lost(&shared.take_lost_metadata());
        let mut begins = true;
        let disk_deadline = Shared::disk_deadline();
        let written = writer.write(metrics, |bodies| {
            // Stopped meanwhile: the last ones will tell.
            let _taken = shared.enqueue_part(bodies, std::mem::take(&mut begins));
            // What is on disk makes room in memory for what comes.
            shared.wait_for_disk(disk_deadline);
        });
        shared.note(&written.notes);
        let taken = shared.enqueue_part(written.bodies, begins);
        drop(writer);
        shared.wait_for_disk(disk_deadline);
        for warning in written.notes.warnings {
            tracing::warn!(target: "dt_metrics", "{warning}");
        }
        if taken {
            Ok(())
        } else {
            Err(OTelSdkError::AlreadyShutdown)
        }
    }
}
