//! Where recorded values go: the pipeline, while there is one.

use std::sync::{Arc, PoisonError, RwLock};

/// What the pipeline does for those who record.
pub(crate) trait Sink: Send + Sync {
    /// Takes values out soon, on another thread.
    fn wake(&self);

    /// Takes all values out now.
    fn take_values(&self);
}

static SINK: RwLock<Option<Arc<dyn Sink>>> = RwLock::new(None);

fn sink() -> Option<Arc<dyn Sink>> {
    SINK.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Asks for values to be taken out soon.
pub(super) fn wake() {
    if let Some(sink) = sink() {
        sink.wake();
    }
}

/// Has all values taken out; `false` if there is no pipeline.
pub(super) fn take_values() -> bool {
    let sink = sink();
    if let Some(sink) = &sink {
        sink.take_values();
    }
    sink.is_some()
}

/// Sets or removes the pipeline.
#[cfg(feature = "dynatrace")]
pub(crate) fn set_sink(sink: Option<Arc<dyn Sink>>) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
}
