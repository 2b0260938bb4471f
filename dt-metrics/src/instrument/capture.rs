//! Captures: watching the measurements of a thread, or of all threads. The one door for `testing`.
//!
//! While a capture is under way, its thread seems to have no cells and no ring: each call takes the
//! cold path, which notes the measurement in the capture's recorder. So calls that no capture
//! watches pay nothing.
//!
//! A capture of all threads takes the difference of all sums, and copies of all values.

use core::marker::PhantomData;
use std::sync::Arc;

use super::cells::recorder::{Recorded, Recorder, with_watching};
use super::cells::store::{SLOTS, Series};
use super::cells::thread;

/// Lets `recorders` see what this thread measures until the guard is dropped. A recorder that sees
/// the thread already does not see it twice.
pub(crate) fn watch(recorders: &[Arc<Recorder>]) -> Watch {
    let before = with_watching(|watching| {
        let before = watching.len();
        for recorder in recorders {
            if !watching.iter().any(|other| Arc::ptr_eq(other, recorder)) {
                watching.push(Arc::clone(recorder));
            }
        }
        thread::set_captured(!watching.is_empty());
        before
    });
    Watch {
        before: before.unwrap_or(0),
        on_this_thread: PhantomData,
    }
}

/// Ends a [`watch`] when it is dropped. The guards of one thread are dropped in the opposite order
/// of their making.
pub(crate) struct Watch {
    before: usize,
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        with_watching(|watching| {
            watching.truncate(self.before);
            thread::set_captured(!watching.is_empty());
        });
    }
}

/// Begins to see what all threads measure. One such watch is under way at a time.
pub(crate) fn watch_all() -> WatchAll {
    SLOTS.lock().begin_watch(Series::is_signed, Series::pair);
    WatchAll(())
}

/// A [`watch_all`] that is under way. It ends when this is dropped.
pub(crate) struct WatchAll(());

impl WatchAll {
    /// Ends the watch.
    pub(crate) fn finish(self) -> Recorded {
        let mut slots = SLOTS.lock();
        let watched = slots.end_watch(Series::is_signed);
        let recorded = Recorded::of_all(&watched, &slots);
        drop(slots);
        drop(self);
        recorded
    }
}

impl Drop for WatchAll {
    fn drop(&mut self) {
        // Over already if it was finished.
        SLOTS.lock().stop_watch();
    }
}
