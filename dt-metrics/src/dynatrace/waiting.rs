//! What the exporter's own thread waits for.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::news::{News, Quiet};
use super::queue::Batch;
use super::shared::Shared;
use super::state::State;

/// How long the next request waits for the disk.
const DISK_TIMEOUT: Duration = Duration::from_secs(1);

impl Shared {
    /// Waits for a request to send; `None` once stopped.
    pub(super) async fn next(&self) -> Option<Batch> {
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
    pub(super) async fn unless_stopped<T>(&self, attempt: impl Future<Output = T>) -> Option<T> {
        race(
            attempt,
            self.wait(None, |state| state.is_stopped().then_some(())),
        )
        .await
        .ok()
    }

    /// Waits before the next attempt; `true` if somebody is in a hurry.
    pub(super) async fn pause(&self, pause: Duration) -> bool {
        self.wait(Some(Instant::now() + pause), |state| {
            (state.hurry || state.is_stopped()).then(|| std::mem::take(&mut state.hurry))
        })
        .await
        .unwrap_or(false)
    }

    /// Waits until the disk knows what became of a request, since what is there after a kill is
    /// sent again; but not for a disk that hangs.
    pub(super) async fn disk_settled(&self, sequence: u64) {
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
    pub(super) async fn disk_marked(&self) {
        let end = Some(Instant::now() + DISK_TIMEOUT);
        let marked = self.wait(end, |state| {
            let enough = state.disk_is_slow || state.is_stopped();
            (enough || state.queue.is_marked()).then_some(())
        });
        let marked = marked.await.is_some();
        self.lock().disk_is_slow |= !marked;
    }

    /// Waits for something to tell the program; `None` once stopped.
    pub(super) async fn news(&self, quiet: &mut Quiet, interval: Duration) -> Option<News> {
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
    pub(super) fn last_news(&self) -> News {
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
pub(super) async fn race<A, B>(
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
