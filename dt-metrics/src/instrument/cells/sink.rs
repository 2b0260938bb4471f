//! The way from a thread that records to the pipeline, while there is one.

use std::sync::{Arc, PoisonError, RwLock};

/// The pipeline, as threads that record see it.
pub(crate) trait Sink: Send + Sync {
    /// Takes values out soon, on another thread.
    fn wake(&self);

    /// Finds out where the values of a new series go, so that taking them need not.
    fn prepare(&self, slot: u32);

    /// Takes one part of the values out now.
    fn take_values(&self, part: usize);
}

static SINK: RwLock<Option<Arc<dyn Sink>>> = RwLock::new(None);

fn sink() -> Option<Arc<dyn Sink>> {
    SINK.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Requests that values are taken out soon.
pub(super) fn wake() {
    if let Some(sink) = sink() {
        sink.wake();
    }
}

/// Announces a new series. To be called under no lock.
pub(crate) fn prepare(slot: u32) {
    if let Some(sink) = sink() {
        sink.prepare(slot);
    }
}

/// Has one part of the values taken out; `false` if there is no pipeline.
pub(super) fn take_values(part: usize) -> bool {
    let sink = sink();
    if let Some(sink) = &sink {
        sink.take_values(part);
    }
    sink.is_some()
}

/// Sets or removes the pipeline.
#[cfg(feature = "dynatrace")]
pub(crate) fn set_sink(sink: Option<Arc<dyn Sink>>) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
}
