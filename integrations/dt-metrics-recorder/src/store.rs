//! The handles that are kept between two uses of a macro, until they are idle.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use metrics::Key;

/// A handle that remembers whether it was used.
pub(crate) trait Handle {
    /// Whether it was used since the previous call.
    fn take_used(&self) -> bool;
}

/// Handles of one kind by their name and labels.
pub(crate) struct Store<H>(RwLock<HashMap<Key, Entry<H>>>);

struct Entry<H> {
    handle: Arc<H>,
    /// When it was last seen to have been used, or made.
    used: Instant,
}

impl<H> Default for Store<H> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<H: Handle> Store<H> {
    /// The handle with this key, made now if there is none.
    pub(crate) fn get(&self, key: &Key, make: impl FnOnce() -> H) -> Arc<H> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(key) {
            return Arc::clone(&entry.handle);
        }
        drop(entries);
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(key.to_retained()).or_insert_with(|| Entry {
            handle: Arc::new(make()),
            used: Instant::now(),
        });
        Arc::clone(&entry.handle)
    }

    /// Drops the handles that nobody holds and that were not used for this time; returns the number
    /// of the remaining handles.
    pub(crate) fn sweep(&self, now: Instant, timeout: Option<Duration>) -> usize {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(timeout) = timeout {
            // The store is locked, so nobody else can begin to hold a handle.
            entries.retain(|_, entry| {
                if entry.handle.take_used() {
                    entry.used = now;
                }
                Arc::strong_count(&entry.handle) > 1
                    || now.saturating_duration_since(entry.used) < timeout
            });
        }
        entries.len()
    }
}
