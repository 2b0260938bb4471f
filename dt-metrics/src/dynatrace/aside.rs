//! Requests that fail while others pass: they are set aside, so that the others do not wait for
//! them, and tried one at a time, with pauses of their own.

use std::time::Duration;

use tokio::time::Instant;

use super::place::Place;
use super::queue::Batch;
use super::retry::{Backoff, Pace};

/// How often, and for how long, a request fails before another is tried in its place: in most
/// outages all fail, and order is worth more than to learn that soon.
const MIN_ATTEMPTS: u32 = 3;
const MIN_TIME: Duration = Duration::from_secs(300);

/// When to try those that are set aside, and which one may be the next of them.
#[derive(Debug)]
pub(super) struct Aside {
    backoff: Backoff,
    due: Option<Instant>,
    doubt: Option<Doubt>,
}

/// That it is the endpoint which fails, and not this request: another is tried, to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    pub(super) place: Place,
    /// How soon to try it again if it is the request.
    pub(super) pace: Pace,
}

impl Aside {
    pub(super) fn new() -> Self {
        Self {
            backoff: Backoff::new(),
            due: None,
            doubt: None,
        }
    }

    /// Whether another than this request, which failed again, should be tried.
    pub(super) fn is_doubtful(batch: &Batch) -> bool {
        let time = batch.first_sent.map(|first| first.elapsed());
        batch.attempts >= MIN_ATTEMPTS && time >= Some(MIN_TIME)
    }

    pub(super) fn doubt(&mut self, doubt: Doubt) {
        self.doubt = Some(doubt);
    }

    pub(super) fn doubted(&self) -> Option<Place> {
        self.doubt.map(|doubt| doubt.place)
    }

    pub(super) fn take_doubt(&mut self) -> Option<Doubt> {
        self.doubt.take()
    }

    /// The first one is set aside.
    pub(super) fn begin(&mut self, pace: Pace) {
        self.backoff.reset();
        self.failed(pace, None);
    }

    pub(super) fn failed(&mut self, pace: Pace, after: Option<Duration>) {
        self.due = Some(Instant::now() + self.backoff.next(pace, after));
    }

    /// So may the next.
    pub(super) fn passed(&mut self) {
        self.backoff.reset();
        self.due = None;
    }

    /// Somebody waits.
    pub(super) fn hurry(&mut self) {
        self.due = None;
    }

    /// When the next one may be tried; `None`: now.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|due| *due > Instant::now())
    }
}
