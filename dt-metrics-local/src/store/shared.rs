//! The state behind a lock, with waiters and subscribers.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

#[cfg(feature = "otlp")]
use super::data_point::DataPoint;
use super::entry::{Event, Noted, Rejected, Request};
use super::limits::Limits;
use super::recent::Content;
use super::state::State;
use crate::catalog::Catalog;
use crate::protocol::{Metadata, Record};

/// Number of events that a subscriber may fall behind before it misses some.
const SUBSCRIBER_BACKLOG: usize = 65_536;

/// The state, shared by the server's thread and its readers.
pub(crate) struct Store {
    inner: Mutex<Inner>,
    changed: Condvar,
    started: u128,
    /// How often everything was forgotten. Each response has it, so no response waits for the lock.
    resets: AtomicU64,
}

struct Inner {
    state: State,
    subscribers: Vec<SyncSender<Event>>,
}

/// A request and its contents.
pub(crate) struct Batch {
    pub(crate) contents: Contents,
    pub(crate) request: Request,
    /// The body, if it is text.
    pub(crate) text: Option<Arc<[u8]>>,
}

/// The judged contents of a request.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) accepted: Vec<Record>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) noted: Vec<Noted>,
    /// Metadata that the sender repeats in every request: only the first metadata of a metric
    /// counts.
    #[cfg(feature = "otlp")]
    pub(crate) repeated: Vec<Metadata>,
    /// The accepted data points as received.
    #[cfg(feature = "otlp")]
    pub(crate) points: Vec<DataPoint>,
}

impl Contents {
    /// The contents of a request of metric lines.
    pub(crate) fn from_lines(
        accepted: Vec<Record>,
        rejected: Vec<Rejected>,
        noted: Vec<Noted>,
    ) -> Self {
        Self {
            accepted,
            rejected,
            noted,
            #[cfg(feature = "otlp")]
            repeated: Vec::new(),
            #[cfg(feature = "otlp")]
            points: Vec::new(),
        }
    }
}

impl Store {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            inner: Mutex::new(Inner {
                state: State::new(limits),
                subscribers: Vec::new(),
            }),
            changed: Condvar::new(),
            started: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_nanos(),
            resets: AtomicU64::new(0),
        }
    }

    /// Adds a request as a whole, so that no reader sees a part of it.
    pub(crate) fn add(&self, batch: Batch) {
        let mut inner = self.lock();
        let now = batch.request.received_at;
        let before = inner.state.totals.lines;
        let contents = batch.contents;
        #[cfg(feature = "otlp")]
        {
            for metadata in contents.repeated {
                if inner.state.metadata_of(&metadata.key).is_none() {
                    inner.add_metadata(metadata);
                }
            }
        }
        // Each is the point of the line at the same index.
        #[cfg(feature = "otlp")]
        let mut points = contents.points.into_iter();
        let mut equivalent = Vec::new();
        for record in contents.accepted {
            match record {
                Record::Line(line) => {
                    let line = Arc::new(line);
                    if batch.text.is_none() {
                        equivalent.push(Arc::clone(&line));
                    }
                    inner.state.add_line(Arc::clone(&line), now);
                    #[cfg(feature = "otlp")]
                    if let Some(point) = points.next() {
                        inner.state.add_point(&line, Arc::new(point));
                    }
                    inner.publish(|| Event::Line(Arc::clone(&line)));
                }
                Record::Metadata(metadata) => inner.add_metadata(metadata),
            }
        }
        let request_number = inner.state.totals.requests + 1;
        for noted in contents.noted {
            let noted = Arc::new(Noted {
                request_number,
                ..noted
            });
            inner.state.add_noted(Arc::clone(&noted));
            inner.publish(|| Event::Noted(Arc::clone(&noted)));
        }
        for rejected in contents.rejected {
            let rejected = Arc::new(Rejected {
                request_number,
                ..rejected
            });
            inner.state.add_rejected(Arc::clone(&rejected));
            inner.publish(|| Event::Rejected(Arc::clone(&rejected)));
        }
        let request = Arc::new(batch.request);
        let lines = inner.state.totals.lines - before;
        let content = batch
            .text
            .map_or(Content::Points(equivalent), Content::Text);
        inner
            .state
            .add_request(Arc::clone(&request), lines, content);
        inner.publish(|| Event::Request(Arc::clone(&request)));
        drop(inner);
        self.changed.notify_all();
    }

    /// Identifies a run of the server up to a reset. Programs hand their catalogues over to each.
    pub(crate) fn instance(&self) -> u128 {
        let resets = self.resets.load(Ordering::Acquire);
        self.started.wrapping_add(resets.into())
    }

    pub(crate) fn add_catalog(&self, catalog: Catalog) {
        self.lock().state.add_catalog(catalog);
        self.changed.notify_all();
    }

    pub(crate) fn reset(&self) {
        let mut inner = self.lock();
        inner.state.reset();
        self.resets.fetch_add(1, Ordering::Release);
        drop(inner);
        self.changed.notify_all();
    }

    pub(crate) fn inspect<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock().state)
    }

    pub(crate) fn wait_for(
        &self,
        timeout: Duration,
        mut predicate: impl FnMut(&State) -> bool,
    ) -> bool {
        let (_inner, result) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, |inner| !predicate(&inner.state))
            .unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }

    pub(crate) fn subscribe(&self) -> Receiver<Event> {
        let (sender, receiver) = sync_channel(SUBSCRIBER_BACKLOG);
        self.lock().subscribers.push(sender);
        receiver
    }

    /// Counts a request as held until the returned guard is dropped.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        self.set_held(|held| held + 1);
        Held(Arc::clone(self))
    }

    fn set_held(&self, change: impl FnOnce(usize) -> usize) {
        let mut inner = self.lock();
        inner.state.held = change(inner.state.held);
        drop(inner);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Only a user's predicate can panic while it holds the lock, and it has no write access, so
        // the state is valid even if the lock is poisoned.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add_metadata(&mut self, metadata: Metadata) {
        let metadata = Arc::new(metadata);
        self.state.add_metadata(Arc::clone(&metadata));
        self.publish(|| Event::Metadata(Arc::clone(&metadata)));
    }

    fn publish(&mut self, event: impl Fn() -> Event) {
        let missed = &mut self.state.totals.events_missed;
        self.subscribers
            .retain(|subscriber| match subscriber.try_send(event()) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    *missed += 1;
                    true
                }
                Err(TrySendError::Disconnected(_)) => false,
            });
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Counts a request as held. Also dropped when the client disconnects.
pub(crate) struct Held(Arc<Store>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set_held(|held| held.saturating_sub(1));
    }
}
