//! What the program's threads and the exporter's thread share, and how they wait for each other.

pub(crate) mod events;
pub(crate) mod flush;
pub(crate) mod queue;
pub(crate) mod spooled;
pub(crate) mod state;

use crate::dynatrace::buffer::events::{News, Quiet};
use crate::dynatrace::buffer::queue::Batch;
use crate::dynatrace::buffer::state::{Life, State};
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::warnings::EncodeReport;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::health::Health;
use crate::dynatrace::request::Collected;
use crate::home::Home;
use std::future::Future;
use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What was not sent in the end, in lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    pub(crate) lost: u64,
    /// On disk, for the next process.
    pub(crate) left: u64,
}

/// The lock is held for moments only: never while sending, logging or waiting.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// For the program's threads: something was settled.
    pub(crate) settled: Condvar,
    /// For the one who sends: look at the state again.
    pub(crate) wake: Notify,
    /// For the one who tells the program: the same.
    pub(crate) news: Notify,
    /// For the one who keeps the disk: the same.
    pub(crate) disk: Condvar,
    ambiguous: DeliveryGuarantee,
    home: Home,
}

impl Shared {
    #[cfg(test)]
    pub(crate) fn new(buffer_limit_bytes: usize) -> Self {
        Self::with(buffer_limit_bytes, DeliveryGuarantee::default())
    }

    pub(crate) fn with(buffer_limit_bytes: usize, ambiguous: DeliveryGuarantee) -> Self {
        Self {
            state: Mutex::new(State::new(buffer_limit_bytes)),
            settled: Condvar::new(),
            wake: Notify::new(),
            news: Notify::new(),
            disk: Condvar::new(),
            ambiguous,
            home: Home::here(),
        }
    }

    /// A panic elsewhere leaves counts that are whole, so its poison is of no interest.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is a forked child, where nobody sends, and where the lock may be held for ever
    /// by a thread that is not there.
    pub(crate) fn is_inherited(&self) -> bool {
        self.home.is_elsewhere()
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
        health.points_pending = state.queue.lines();
        health.points_spooled = state.queue.lines_on_disk();
        health.bytes_pending = u64::try_from(state.queue.bytes()).unwrap_or(u64::MAX);
        health
    }

    /// Books what a collection dropped and altered.
    pub(crate) fn note(&self, report: &EncodeReport) {
        let mut state = self.lock();
        for ((reason, metric), points) in &report.dropped {
            state.health.drop_points(*reason, *points);
            state.news.points_lost(*reason, Some(metric), *points);
        }
        for (reason, points) in &report.altered {
            *state.health.altered.entry(reason).or_default() += points;
        }
        self.changed(state);
    }

    /// Points were dropped before they came here; who dropped them counts them.
    pub(crate) fn points_lost(&self, reason: DropReason, metric: Option<&str>, points: u64) {
        if !self.is_inherited() {
            let mut state = self.lock();
            state.news.points_lost(reason, metric, points);
            self.changed(state);
        }
    }

    /// The keys whose metadata was dropped with a request since the last call.
    pub(crate) fn take_lost_metadata(&self) -> Vec<Box<str>> {
        self.lock().queue.take_lost_metadata()
    }

    pub(crate) fn ambiguous(&self) -> DeliveryGuarantee {
        self.ambiguous
    }

    /// Whether what may have been accepted is not sent again.
    pub(crate) fn drops_ambiguous(&self) -> bool {
        self.ambiguous == DeliveryGuarantee::AtMostOnce
    }

    /// Adds requests of a collection, and drops the oldest where there is no room; `false` once
    /// stopped.
    #[cfg(test)]
    pub(crate) fn enqueue(&self, bodies: Vec<Body>) -> bool {
        self.enqueue_part(bodies, true)
    }

    /// The same for a part of a collection: the one it `begins` with, or another.
    pub(crate) fn enqueue_part(&self, bodies: Vec<Body>, begins: bool) -> bool {
        let mut state = self.lock();
        if state.is_stopped() {
            let lines = bodies.iter().map(|body| body.lines).sum();
            state.health.drop_points(DropReason::Shutdown, lines);
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
    pub(crate) fn hurry(&self, state: &mut State) {
        state.hurry = true;
        state.aside.hurry();
        state.released = state.queue.last_sequence();
        self.wake.notify_one();
    }

    /// Something that made requests fail was put right, such as a token that was renewed: attempts
    /// at once. An attempt that is under way and fails is followed by another at once, too.
    #[allow(dead_code, reason = "for those who watch the configuration")]
    pub(crate) fn retry_now(&self) {
        self.hurry(&mut self.lock());
    }

    /// Lets those know who wait for something to happen.
    pub(crate) fn changed(&self, state: MutexGuard<'_, State>) {
        let has_news = !state.news.is_empty();
        drop(state);
        if has_news {
            self.news.notify_one();
        }
        self.settled.notify_all();
        self.disk.notify_all();
    }

    /// Changes what is known about the disk.
    pub(crate) fn disk_changed(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.changed(state);
        self.wake.notify_one();
    }

    /// Ends all sending. What is on disk is left there, all else is dropped.
    pub(crate) fn stop(&self) -> Rest {
        let mut state = self.lock();
        state.life = state.life.max(Life::Stopped);
        state.health.requests_unanswered += u64::from(state.queue.in_flight().is_some());
        if self.drops_ambiguous() {
            // Else the next process would send it again.
            state.drop_in_flight(DropReason::Ambiguous);
        }
        let lost = state.queue.close();
        state.lose(DropReason::Shutdown, lost);
        let left = state.queue.lines();
        drop(state);
        self.wake.notify_one();
        self.news.notify_one();
        self.settled.notify_all();
        self.disk.notify_all();
        Rest { lost, left }
    }

    /// The exporter's thread is gone, by whatever way.
    pub(crate) fn exited(&self) {
        self.stop();
        self.lock().life = Life::Exited;
        self.settled.notify_all();
    }

    /// An attempt ended in a way that nobody foresaw.
    pub(crate) fn failed_badly(&self) {
        let mut state = self.lock();
        state.health.requests_unanswered += u64::from(state.queue.in_flight().is_some());
        state.put_back();
        self.changed(state);
    }
}

// ===== from waiting: //! What the exporter's own thread waits for.
/// How long the next request waits for the disk.
const DISK_TIMEOUT: Duration = Duration::from_secs(1);

impl Shared {
    /// Waits for a request to send; `None` once stopped.
    pub(crate) async fn next(&self) -> Option<Batch> {
        loop {
            let due = {
                let mut state = self.lock();
                if state.is_stopped() {
                    return None;
                }
                let begun = state.begin();
                // It may have to be read first.
                self.disk.notify_all();
                if !state.news.is_empty() {
                    self.news.notify_one();
                }
                if begun.is_some() {
                    return begun;
                }
                state.due()
            };
            wait_until(due, self.wake.notified()).await;
        }
    }

    /// Runs an attempt; `None` if stopped meanwhile.
    pub(crate) async fn unless_stopped<T>(&self, attempt: impl Future<Output = T>) -> Option<T> {
        race(
            attempt,
            self.wait(None, |state| state.is_stopped().then_some(())),
        )
        .await
        .ok()
    }

    /// Waits before the next attempt; `true` if somebody is in a hurry.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        self.wait(Some(Instant::now() + pause), |state| {
            (state.hurry || state.is_stopped()).then(|| std::mem::take(&mut state.hurry))
        })
        .await
        .unwrap_or(false)
    }

    /// Waits until the disk knows what became of a request, since what is there after a kill is
    /// sent again; but not for a disk that hangs.
    pub(crate) async fn disk_settled(&self, sequence: u64) {
        let end = Some(Instant::now() + DISK_TIMEOUT);
        let settled = self.wait(end, |state| {
            let enough = state.disk_is_slow || state.is_stopped();
            (enough || state.queue.is_on_disk(sequence)).then_some(())
        });
        let settled = settled.await.is_some();
        self.lock().disk_is_slow |= !settled;
    }

    /// Waits until the disk says what is about to be sent, where that matters; but not for a disk
    /// that hangs.
    pub(crate) async fn disk_marked(&self) {
        let end = Some(Instant::now() + DISK_TIMEOUT);
        let marked = self.wait(end, |state| {
            let enough = state.disk_is_slow || state.is_stopped();
            (enough || state.queue.is_marked()).then_some(())
        });
        let marked = marked.await.is_some();
        self.lock().disk_is_slow |= !marked;
    }

    /// Waits for something to tell the program; `None` once stopped.
    pub(crate) async fn news(&self, quiet: &mut Quiet, interval: Duration) -> Option<News> {
        loop {
            let due = {
                let mut state = self.lock();
                if state.is_stopped() {
                    return None;
                }
                let news = state.news.take_due(quiet, interval);
                if !news.is_empty() {
                    return Some(news);
                }
                state.news.due(quiet)
            };
            wait_until(due, self.news.notified()).await;
        }
    }

    /// What was not told before the end.
    pub(crate) fn last_news(&self) -> News {
        std::mem::take(&mut self.lock().news)
    }

    /// Waits for the one who sends until `found` finds something, or until the deadline.
    async fn wait<T>(
        &self,
        deadline: Option<Instant>,
        mut found: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        loop {
            if let Some(value) = found(&mut self.lock()) {
                return Some(value);
            }
            if !wait_until(deadline, self.wake.notified()).await {
                return None;
            }
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

/// The first of two futures to be ready, the left one before the right one.
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
