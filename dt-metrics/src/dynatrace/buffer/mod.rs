//! Pending requests between collection, delivery and disk, behind one lock.
//!
//! The collection adds requests. The sender takes some of them; each is *in flight* until it is
//! answered, dropped or put back. The spooler polls which files to write or remove. The threads
//! wait for each other here, and nowhere else, so no lock is held while one of them sends, logs or
//! writes.
//!
//! ```text
//! exporter ── enqueue ──▶ Queue ◀── next ── sender
//!                           │
//!                        Spooled ◀── disk_task ── spooler
//! ```
//!
//! Does no I/O. May import `spool` (its data types), `encode::body`, `encode::warnings`, `retry`,
//! `config` and the leaf files of `dynatrace`.

pub(crate) mod events;
pub(crate) mod flush;
pub(crate) mod queue;
pub(crate) mod spooled;
pub(crate) mod state;

use std::future::Future;
use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::dynatrace::buffer::events::Event;
use crate::dynatrace::buffer::queue::Outgoing;
use crate::dynatrace::buffer::spooled::Job;
use crate::dynatrace::buffer::state::{Life, State};
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::warnings::EncodeReport;
use crate::dynatrace::health::{DropReason, Health, SATURATED};
use crate::dynatrace::request::{Collected, RequestId, SnapshotId};
use crate::process::Process;

/// How long a collection waits for its disk, once: a disk that takes longer is waited for by nobody
/// until it has caught up. Short, since the program's reader waits with it.
const COLLECTION_WAITS: Duration = Duration::from_millis(500);

/// How long the sender waits for the disk before the next request. Longer, since nobody of the
/// program waits with it.
const SENDER_WAITS: Duration = Duration::from_secs(1);

/// Pending requests, shared by the program's threads, the sender and the spooler.
///
/// The lock is held for moments only: never while sending, logging or waiting. Whoever changes the
/// state wakes whoever waits for the change:
///
/// - the sender waits for `sender_wake`, and nobody else does: `Notify` keeps a wake that comes
///   between a look at the state and the wait;
/// - the task that reports events waits for `reporter_wake`;
/// - the spooler waits for `spooler_wake`;
/// - threads of the program wait for `progress`, in `flush`, `wait_for_disk` and `wait_for_exit`.
#[derive(Debug)]
pub(crate) struct Buffer {
    state: Mutex<State>,
    progress: Condvar,
    sender_wake: Notify,
    reporter_wake: Notify,
    spooler_wake: Condvar,
    pub(crate) guarantee: DeliveryGuarantee,
    process: Process,
}

/// Data points that were not delivered before the exporter stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undelivered {
    pub(crate) dropped: u64,
    /// On disk, for the next process.
    pub(crate) spooled: u64,
}

/// The next task of the spooler.
pub(crate) enum DiskTask {
    Job(Job),
    /// Look for requests of processes that have ended.
    Adopt,
    End,
}

impl Buffer {
    pub(crate) fn new(limit_bytes: usize, guarantee: DeliveryGuarantee) -> Self {
        Self {
            state: Mutex::new(State::new(limit_bytes)),
            progress: Condvar::new(),
            sender_wake: Notify::new(),
            reporter_wake: Notify::new(),
            spooler_wake: Condvar::new(),
            guarantee,
            process: Process::current(),
        }
    }

    /// A panic elsewhere leaves counts that are whole, so the poison of the lock does not matter.
    ///
    /// In a forked child this may block for ever. `health` and `report_dropped` allow for that
    /// themselves; callers of all other methods call [`is_inherited`](Self::is_inherited) first.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is a forked child, where nobody sends, and where the lock may be held for ever
    /// by a thread that does not exist.
    pub(crate) fn is_inherited(&self) -> bool {
        self.process.is_forked()
    }

    /// Whether a request that may have been accepted is dropped, not sent again.
    pub(crate) fn at_most_once(&self) -> bool {
        self.guarantee == DeliveryGuarantee::AtMostOnce
    }

    pub(crate) fn health(&self) -> Health {
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
        health.points_pending = state.queue.points();
        health.points_spooled = state.queue.points_on_disk();
        health.bytes_pending = u64::try_from(state.queue.bytes()).unwrap_or(u64::MAX);
        health
    }

    /// Parts that are added from now on belong to another collection. If the cells are in a file, with this
    /// snapshot after the collection, no part is sent before [`end_collection`](Self::end_collection).
    pub(crate) fn begin_collection(&self, snapshot: Option<SnapshotId>) {
        self.lock().queue.begin_collection(snapshot);
    }

    /// The collection is complete: all parts may be sent. The file of the cells takes up this many bytes.
    pub(crate) fn end_collection(&self, cell_bytes: u64) {
        let mut state = self.lock();
        state.queue.end_collection();
        state.queue.spooled.set_cell_bytes(cell_bytes);
        drop(state);
        self.sender_wake.notify_one();
        self.spooler_wake.notify_all();
    }

    /// Adds a part of a collection, and drops the oldest requests where there is no room; `false`
    /// once stopped.
    pub(crate) fn enqueue(&self, bodies: Vec<Body>) -> bool {
        self.add(bodies, false)
    }

    /// Adds the rest of a collection, as [`enqueue`](Self::enqueue) does.
    pub(crate) fn enqueue_rest(&self, bodies: Vec<Body>) -> bool {
        self.add(bodies, true)
    }

    fn add(&self, bodies: Vec<Body>, is_rest: bool) -> bool {
        let mut state = self.lock();
        if state.is_stopped() {
            let points = bodies.iter().map(|body| body.points).sum();
            // Only counted: nobody reports events after the end.
            state.health.drop_points(DropReason::Shutdown, points);
            return false;
        }
        state.compare_clocks();
        state.drop_old();
        let collected = Collected::now();
        let count = bodies.len();
        for (number, body) in (1..).zip(bodies) {
            state.add(body, collected, is_rest && number == count);
        }
        self.changed(state);
        self.sender_wake.notify_one();
        true
    }

    /// Counts the data points that a collection dropped and altered.
    pub(crate) fn count(&self, report: &EncodeReport) {
        let mut state = self.lock();
        for ((reason, metric), points) in &report.dropped {
            state.health.drop_points(*reason, *points);
            state.events.dropped(*reason, Some(metric), *points);
        }
        for (reason, points) in &report.altered {
            *state.health.altered.entry(reason).or_default() += points;
        }
        for (metric, points) in &report.saturated {
            *state.health.altered.entry(SATURATED).or_default() += points;
            state.events.saturated(metric, *points);
        }
        for (metric, points) in &report.merged {
            state.health.points_in_overflow_series += points;
            state.events.merged(metric, *points);
        }
        self.changed(state);
    }

    /// Reports points that were dropped, and counted, before they came here.
    pub(crate) fn report_dropped(&self, reason: DropReason, metric: Option<&str>, points: u64) {
        if !self.is_inherited() {
            let mut state = self.lock();
            state.events.dropped(reason, metric, points);
            self.changed(state);
        }
    }

    /// Reports points whose sum was out of range, and which were counted, before they came here.
    pub(crate) fn report_saturated(&self, metric: &str, points: u64) {
        if !self.is_inherited() {
            let mut state = self.lock();
            state.events.saturated(metric, points);
            self.changed(state);
        }
    }

    /// Skips the sender's next pause: somebody waits, or the cause of failures was removed. If an
    /// attempt is under way and fails, the next one follows at once.
    pub(crate) fn hurry(&self) {
        self.hurry_locked(&mut self.lock());
    }

    pub(crate) fn hurry_locked(&self, state: &mut State) {
        state.hurry = true;
        state.dead_letters.hurry();
        self.sender_wake.notify_one();
    }

    /// Wakes everyone but the sender.
    pub(crate) fn changed(&self, state: MutexGuard<'_, State>) {
        let has_events = !state.events.is_empty();
        drop(state);
        if has_events {
            self.reporter_wake.notify_one();
        }
        self.progress.notify_all();
        self.spooler_wake.notify_all();
    }

    /// Ends all sending. Requests on disk are left there, all others are dropped. A second call does
    /// nothing.
    pub(crate) fn stop(&self) -> Undelivered {
        let mut state = self.lock();
        if state.is_stopped() {
            return Undelivered {
                dropped: 0,
                spooled: 0,
            };
        }
        state.life = Life::Stopped;
        state.health.requests_unanswered += state.queue.count_in_flight() as u64;
        if self.at_most_once() {
            // There is one in flight at most. Otherwise the next process would send it again.
            state.drop_in_flight(DropReason::Ambiguous);
        }
        let dropped = state.queue.close();
        state.drop_points(DropReason::Shutdown, dropped);
        let spooled = state.queue.points();
        drop(state);
        self.sender_wake.notify_one();
        self.reporter_wake.notify_one();
        self.progress.notify_all();
        self.spooler_wake.notify_all();
        Undelivered { dropped, spooled }
    }
}

/// For the sender.
impl Buffer {
    /// Waits for a request to send, while fewer than `limit` are in flight; `None` once stopped.
    pub(crate) async fn next(&self, limit: usize) -> Option<Outgoing> {
        loop {
            let due = {
                let mut state = self.lock();
                if state.is_stopped() {
                    return None;
                }
                let begun = state.begin(limit);
                // It may have to be read first.
                self.spooler_wake.notify_all();
                if !state.events.is_empty() {
                    self.reporter_wake.notify_one();
                }
                if begun.is_some() {
                    return begun;
                }
                state.due()
            };
            wait_until(due, self.sender_wake.notified()).await;
        }
    }

    /// Waits before the next attempt; `true` if somebody is in a hurry.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        self.wait(Some(Instant::now() + pause), |state| {
            (state.hurry || state.is_stopped()).then(|| std::mem::take(&mut state.hurry))
        })
        .await
        .unwrap_or(false)
    }

    /// Waits until the disk is in step with the queue up to this request, since the next process
    /// sends every request that it finds there. Gives up on a disk that hangs.
    pub(crate) async fn wait_for_sync(&self, sequence: u64) {
        self.wait_briefly_for_disk(|state| state.queue.spooled.is_synced(sequence))
            .await;
    }

    /// Waits until the disk records that this request in flight is about to be sent, where that
    /// matters, and until its file was looked for. Gives up on a disk that hangs. `false` if the
    /// request must not be sent, since another process has it.
    pub(crate) async fn may_be_sent(&self, id: RequestId) -> bool {
        self.wait_briefly_for_disk(|state| state.queue.spooled.is_ready_to_send())
            .await;
        let mut state = self.lock();
        state.queue.select(id);
        let is_there = state.queue.in_flight().is_some();
        state.ended += u64::from(!is_there);
        is_there
    }

    async fn wait_briefly_for_disk(&self, is_done: impl Fn(&State) -> bool) {
        let end = Some(Instant::now() + SENDER_WAITS);
        let done = self.wait(end, |state| {
            (state.disk_is_slow || state.is_stopped() || is_done(state)).then_some(())
        });
        let is_late = done.await.is_none();
        self.lock().disk_is_slow |= is_late;
    }

    /// Waits until `found` finds something, or until the deadline.
    async fn wait<T>(
        &self,
        deadline: Option<Instant>,
        mut found: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        loop {
            if let Some(value) = found(&mut self.lock()) {
                return Some(value);
            }
            if !wait_until(deadline, self.sender_wake.notified()).await {
                return None;
            }
        }
    }

    /// Waits for events that may be reported; `None` once stopped. Events of one topic are reported
    /// at most once per interval.
    pub(crate) async fn events(&self, interval: Duration) -> Option<Vec<Event>> {
        loop {
            let due = {
                let mut state = self.lock();
                if state.is_stopped() {
                    return None;
                }
                let events = state.events.take_due(interval);
                if !events.is_empty() {
                    return Some(events);
                }
                state.events.due()
            };
            wait_until(due, self.reporter_wake.notified()).await;
        }
    }

    /// Takes the events that were not reported before the end.
    pub(crate) fn last_events(&self) -> Vec<Event> {
        self.lock().events.take_all()
    }

    /// An attempt ended in a way that nobody foresaw.
    pub(crate) fn attempt_panicked(&self) {
        let mut state = self.lock();
        while state.queue.select_any() {
            state.health.requests_unanswered += 1;
            if self.at_most_once() {
                state.drop_in_flight(DropReason::Ambiguous);
            } else {
                state.put_back();
            }
        }
        self.changed(state);
    }

    /// The sender's thread has ended.
    pub(crate) fn exited(&self) {
        self.stop();
        self.lock().life = Life::Exited;
        self.progress.notify_all();
    }
}

/// Methods for the spooler, and for callers that wait for the spooler.
impl Buffer {
    /// Changes the state, and wakes everyone.
    pub(crate) fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.changed(state);
        self.sender_wake.notify_one();
    }

    /// Waits for a job on disk, or until it is time to look for requests to adopt.
    pub(crate) fn disk_task(&self, adopt_at: std::time::Instant) -> DiskTask {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.spooled.next_job() {
                return DiskTask::Job(job);
            }
            state.disk_is_slow = false; // It has caught up.
            if state.is_stopped() {
                return DiskTask::End;
            }
            let now = std::time::Instant::now();
            // Before the spool is attached, the requests in its own slot come first.
            let left = state
                .queue
                .spooled
                .is_attached()
                .then(|| adopt_at.saturating_duration_since(now));
            if left.is_some_and(|left| left.is_zero()) {
                return DiskTask::Adopt;
            }
            state = wait_on(&self.spooler_wake, state, left);
        }
    }

    /// Waits until all requests that were enqueued are in the hands of the operating system, so
    /// that they survive this process; but not longer than half a second, or until `deadline`.
    pub(crate) fn wait_for_disk(&self, deadline: Option<std::time::Instant>) {
        let patient_until = std::time::Instant::now() + COLLECTION_WAITS;
        let end = deadline.map_or(patient_until, |deadline| deadline.min(patient_until));
        let mut state = self.lock();
        let last = state.queue.last_sequence();
        while !state.queue.spooled.is_synced(last) {
            let now = std::time::Instant::now();
            // A deadline of the caller that comes sooner is not the fault of the disk.
            state.disk_is_slow |= now >= patient_until;
            if state.disk_is_slow || now >= end {
                return;
            }
            state = wait_on(&self.progress, state, Some(end - now));
        }
    }

    /// Waits until the threads of the exporter are gone, so that the next exporter has the spool.
    /// They leave as soon as they are stopped and the disk is as it should be.
    pub(crate) fn wait_for_exit(&self, deadline: Option<std::time::Instant>) {
        let mut state = self.lock();
        while state.life != Life::Exited || state.queue.spooled.is_attached() {
            let left = deadline.map(|end| end.saturating_duration_since(std::time::Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            state = wait_on(&self.progress, state, left);
        }
    }

    /// Waits until a request was settled, or for this long.
    pub(crate) fn wait_for_progress<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        left: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        wait_on(&self.progress, state, left)
    }
}

fn wait_on<'a>(
    condition: &Condvar,
    state: MutexGuard<'a, State>,
    left: Option<Duration>,
) -> MutexGuard<'a, State> {
    match left {
        None => condition
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner),
        Some(left) => {
            condition
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0
        }
    }
}

/// Waits to be woken; `false` if the deadline came first.
async fn wait_until(deadline: Option<Instant>, woken: impl Future<Output = ()>) -> bool {
    match deadline {
        None => woken.await,
        Some(deadline) => return tokio::time::timeout_at(deadline, woken).await.is_ok(),
    }
    true
}

/// Returns the output of the future that is ready first; if both are ready, of the left future.
pub(crate) async fn race<A, B>(
    left: impl Future<Output = A>,
    right: impl Future<Output = B>,
) -> Result<A, B> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        right.as_mut().poll(context).map(Err)
    })
    .await
}
