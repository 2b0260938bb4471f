//! The way from a thread that records to the pipeline, while there is one.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use super::busy;
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

thread_local! {
    /// Whether this thread works for the pipeline.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// As long as this lives, the calling thread does not turn to the pipeline: it may hold the pipeline's
/// locks, and an allocator may be annotated.
pub(crate) struct Inside {
    before: bool,
    on_this_thread: PhantomData<*const ()>,
}

impl Inside {
    pub(crate) fn enter() -> Self {
        Self {
            before: INSIDE.replace(true),
            on_this_thread: PhantomData,
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.before);
    }
}

/// Calls `f` with the pipeline; `false` if there is none, or if this thread works for the pipeline.
fn with_sink(f: impl FnOnce(&dyn Sink)) -> bool {
    if INSIDE.get() {
        return false;
    }
    let _inside = Inside::enter();
    let sink = {
        let _busy = busy::enter();
        sink()
    };
    if let Some(sink) = &sink {
        f(&**sink);
    }
    sink.is_some()
}

/// The pipeline of this process. A forked child has a copy of its parent's, without its threads.
fn sink() -> Option<Arc<dyn Sink>> {
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
    let (process, sink) = sink.as_ref()?;
    (!process.is_forked()).then(|| Arc::clone(sink))
}

/// Requests that values are taken out soon.
pub(super) fn wake() {
    with_sink(|sink| sink.wake());
}

/// Announces a new series. To be called under no lock.
pub(crate) fn prepare(slot: u32) {
    with_sink(|sink| sink.prepare(slot));
}

/// Lets the pipeline take out one part of the values; `false` if there is no pipeline.
pub(super) fn take_values(part: usize) -> bool {
    with_sink(|sink| sink.take_values(part))
}

/// Sets or removes the pipeline.
#[cfg(feature = "dynatrace")]
pub(crate) fn set_sink(sink: Option<Arc<dyn Sink>>) {
    let sink = sink.map(|sink| (Process::current(), sink));
    let busy = busy::enter();
    let before = std::mem::replace(
        &mut *SINK.write().unwrap_or_else(PoisonError::into_inner),
        sink,
    );
    drop(busy);
    if let Some((process, sink)) = before
        && process.is_forked()
    {
        // Never dropped: it belongs to threads that this process does not have.
        std::mem::forget(sink);
    }
}
