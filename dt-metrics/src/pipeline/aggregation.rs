//! The time in which a reader aggregates a collection: from the end of the callback until the
//! exporter has the data.
//!
//! The SDK aggregates one instrument after the other. A value that got into a histogram meanwhile
//! would be in this collection, while the count of the same call is in the next.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// A reader whose exporter is not one of the pipeline's, or who has nothing to export, is done after
/// this time.
const LIMIT: Duration = Duration::from_millis(100);

thread_local! {
    /// The reader without a thread of its own that collects on this thread.
    static COLLECTING: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Distinguishes the readers of a provider. A callback does not see its reader.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum ReaderId {
    /// A reader that collects on any thread, by its number.
    Numbered(u64),
    /// A reader that collects on a thread of its own.
    OfThread(ThreadId),
}

impl ReaderId {
    /// A number for a reader that collects on any thread.
    pub(super) fn numbered() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self::Numbered(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The reader that collects on this thread, in its callback.
    pub(super) fn of_callback() -> Self {
        COLLECTING
            .get()
            .map_or_else(|| Self::OfThread(thread::current().id()), Self::Numbered)
    }

    /// Runs a collection of this reader on this thread.
    pub(super) fn collect<T>(self, collect: impl FnOnce() -> T) -> T {
        /// Also resets it if a callback panics.
        struct Reset(Option<u64>);
        impl Drop for Reset {
            fn drop(&mut self) {
                COLLECTING.set(self.0);
            }
        }
        let number = match self {
            Self::Numbered(number) => Some(number),
            Self::OfThread(_) => None,
        };
        let _reset = Reset(COLLECTING.replace(number));
        collect()
    }
}

/// The readers that aggregate now, by their threads.
#[derive(Clone, Debug, Default)]
pub(super) struct Aggregation(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    readers: Mutex<Vec<(ThreadId, Instant)>>,
    ended: Condvar,
}

impl Aggregation {
    /// This thread's callback is about to end.
    pub(super) fn begin(&self) {
        let mut readers = self.lock();
        readers.retain(|(_, since)| since.elapsed() < LIMIT);
        readers.push((thread::current().id(), Instant::now()));
    }

    /// Whether a reader of another thread aggregates: a count that a collection adds meanwhile may
    /// be in a collection of that reader, and the value of the same call only in its next
    /// collection.
    pub(super) fn is_of_another(&self) -> bool {
        is_of_another(&self.lock())
    }

    /// Whether this thread's reader aggregates, for however long.
    pub(super) fn is_own(&self) -> bool {
        let this = thread::current().id();
        self.lock().iter().any(|(reader, _)| *reader == this)
    }

    /// Waits until no reader of another thread aggregates, which takes a moment.
    pub(super) fn wait_for_others(&self) {
        let readers = self.lock();
        let wait = self
            .0
            .ended
            .wait_timeout_while(readers, LIMIT, |readers| is_of_another(readers));
        drop(wait);
    }

    /// Whether some reader aggregates.
    pub(super) fn is_under_way(&self) -> bool {
        self.lock().iter().any(|(_, since)| since.elapsed() < LIMIT)
    }

    /// This thread has the data.
    pub(super) fn end(&self) {
        let this = thread::current().id();
        self.lock().retain(|(reader, _)| *reader != this);
        self.0.ended.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(ThreadId, Instant)>> {
        self.0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_of_another(readers: &[(ThreadId, Instant)]) -> bool {
    let this = thread::current().id();
    let mut readers = readers.iter();
    readers.any(|(reader, since)| *reader != this && since.elapsed() < LIMIT)
}
