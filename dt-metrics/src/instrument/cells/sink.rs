//! The way from a thread that records to the pipeline, while there is one.

use std::sync::{Arc, PoisonError, RwLock};

use crate::process::Process;

/// The pipeline, as threads that record see it.
pub(crate) trait Sink: Send + Sync {
    /// Takes values out soon, on another thread.
    fn wake(&self);

    /// Finds out where the values of a new series go, so that taking them need not.
    fn prepare(&self, slot: u32);

    /// Takes one part of the values out now.
    fn take_values(&self, part: usize);
}

static SINK: RwLock<Option<(Process, Arc<dyn Sink>)>> = RwLock::new(None);

/// The pipeline of this process. A forked child has a copy of its parent's, without its threads.
fn sink() -> Option<Arc<dyn Sink>> {
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
    let (process, sink) = sink.as_ref()?;
    (!process.is_forked()).then(|| Arc::clone(sink))
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
    let sink = sink.map(|sink| (Process::current(), sink));
    let before = std::mem::replace(
        &mut *SINK.write().unwrap_or_else(PoisonError::into_inner),
        sink,
    );
    if let Some((process, sink)) = before
        && process.is_forked()
    {
        // Never dropped: it belongs to threads that this process does not have.
        std::mem::forget(sink);
    }
}
