//! What the program's threads and the exporter's thread share, and how they wait for each other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use tokio::sync::Notify;

use super::DeliveryGuarantee;
use super::age::Collected;
use super::body::Body;
use super::health::Health;
use super::notes::Notes;
use super::state::{Life, State};
use crate::process::Process;

/// What was not sent in the end, in lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    pub(super) lost: u64,
    /// On disk, for the next process.
    pub(super) left: u64,
}

/// The lock is held for moments only: never while sending, logging or waiting.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// For the program's threads: something was settled.
    pub(super) settled: Condvar,
    /// For the one who sends: look at the state again.
    pub(super) wake: Notify,
    /// For the one who tells the program: the same.
    pub(super) news: Notify,
    /// For the one who keeps the disk: the same.
    pub(super) disk: Condvar,
    ambiguous: DeliveryGuarantee,
    process: Process,
}

impl Shared {
    #[cfg(test)]
    pub(super) fn new(buffer_limit_bytes: usize) -> Self {
        Self::with(buffer_limit_bytes, DeliveryGuarantee::default())
    }

    pub(super) fn with(buffer_limit_bytes: usize, ambiguous: DeliveryGuarantee) -> Self {
        Self {
            state: Mutex::new(State::new(buffer_limit_bytes)),
            settled: Condvar::new(),
            wake: Notify::new(),
            news: Notify::new(),
            disk: Condvar::new(),
            ambiguous,
            process: Process::current(),
        }
    }

    /// A panic elsewhere leaves counts that are whole, so its poison is of no interest.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is a forked child, where nobody sends, and where the lock may be held for ever
    /// by a thread that is not there.
    pub(super) fn is_inherited(&self) -> bool {
        self.process.is_forked()
    }

    pub(super) fn health(&self) -> Health {
        let state = if self.is_inherited() {
            match self.state.try_lock() {
                Ok(state) => state,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Health::default(),
            }
        } else {
            self.lock()
        };
        let mut health = state.health.clone();
        health.points_pending = state.queue.lines();
        health.points_spooled = state.queue.lines_on_disk();
        health.bytes_pending = u64::try_from(state.queue.bytes()).unwrap_or(u64::MAX);
        health
    }

    /// Books what a collection came to, besides its lines.
    pub(super) fn note(&self, notes: &Notes) {
        let mut state = self.lock();
        for (reason, points) in &notes.dropped {
            state.health.drop_points(reason, *points);
        }
        for (reason, metric, points) in &notes.lost {
            state.news.points_lost(reason, Some(metric), *points);
        }
        for (reason, points) in &notes.altered {
            *state.health.altered.entry(reason).or_default() += points;
        }
        self.changed(state);
    }

    /// Points were dropped before they came here; who dropped them counts them.
    pub(super) fn points_lost(&self, reason: &'static str, metric: Option<&str>, points: u64) {
        if !self.is_inherited() {
            let mut state = self.lock();
            state.news.points_lost(reason, metric, points);
            self.changed(state);
        }
    }

    /// The keys whose metadata was dropped with a request since the last call.
    pub(super) fn take_lost_metadata(&self) -> Vec<Box<str>> {
        self.lock().queue.take_lost_metadata()
    }

    pub(super) fn ambiguous(&self) -> DeliveryGuarantee {
        self.ambiguous
    }

    /// Whether what may have been accepted is not sent again.
    pub(super) fn drops_ambiguous(&self) -> bool {
        self.ambiguous == DeliveryGuarantee::AtMostOnce
    }

    /// Adds requests of a collection, and drops the oldest where there is no room; `false` once
    /// stopped.
    #[cfg(test)]
    pub(super) fn enqueue(&self, bodies: Vec<Body>) -> bool {
        self.enqueue_part(bodies, true)
    }

    /// The same for a part of a collection: the one it `begins` with, or another.
    pub(super) fn enqueue_part(&self, bodies: Vec<Body>, begins: bool) -> bool {
        let mut state = self.lock();
        if state.is_stopped() {
            let lines = bodies.iter().map(|body| body.lines).sum();
            state.health.drop_lines("shutdown", lines);
            return false;
        }
        state.compare_clocks();
        state.drop_old();
        let collected = Collected::now();
        if begins {
            state.queue.begin_collection();
        }
        for body in bodies {
            state.add(body, collected);
        }
        self.changed(state);
        self.wake.notify_one();
        true
    }

    /// Lets the exporter's thread attempt at once.
    pub(super) fn hurry(&self, state: &mut State) {
        state.hurry = true;
        state.aside.hurry();
        state.released = state.queue.last_sequence();
        self.wake.notify_one();
    }

    /// Something that made requests fail was put right, such as a token that was renewed: attempts
    /// at once. An attempt that is under way and fails is followed by another at once, too.
    #[allow(dead_code, reason = "for those who watch the configuration")]
    pub(super) fn retry_now(&self) {
        self.hurry(&mut self.lock());
    }

    /// Lets those know who wait for something to happen.
    pub(super) fn changed(&self, state: MutexGuard<'_, State>) {
        let has_news = !state.news.is_empty();
        drop(state);
        if has_news {
            self.news.notify_one();
        }
        self.settled.notify_all();
        self.disk.notify_all();
    }

    /// Changes what is known about the disk.
    pub(super) fn disk_changed(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.changed(state);
        self.wake.notify_one();
    }

    /// Ends all sending. What is on disk is left there, all else is dropped.
    pub(super) fn stop(&self) -> Rest {
        let mut state = self.lock();
        state.life = state.life.max(Life::Stopped);
        state.health.requests_unanswered += u64::from(state.queue.in_flight().is_some());
        if self.drops_ambiguous() {
            // Else the next process would send it again.
            state.drop_in_flight("ambiguous");
        }
        let lost = state.queue.close();
        state.lose("shutdown", lost);
        let left = state.queue.lines();
        drop(state);
        self.wake.notify_one();
        self.news.notify_one();
        self.settled.notify_all();
        self.disk.notify_all();
        Rest { lost, left }
    }

    /// The exporter's thread is gone, by whatever way.
    pub(super) fn exited(&self) {
        self.stop();
        self.lock().life = Life::Exited;
        self.settled.notify_all();
    }

    /// An attempt ended in a way that nobody foresaw.
    pub(super) fn failed_badly(&self) {
        let mut state = self.lock();
        state.health.requests_unanswered += u64::from(state.queue.in_flight().is_some());
        state.put_back();
        self.changed(state);
    }
}
