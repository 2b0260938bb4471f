//! Requests that fail while others pass: they are set aside, so that the others do not wait for
//! them, and tried one at a time, with pauses of their own.

use crate::dynatrace::buffer::queue::Batch;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::retry::backoff::{Backoff, Pace};
use std::time::Duration;
use tokio::time::Instant;

/// How often a request fails before it is looked into.
const MIN_ATTEMPTS: u32 = 3;

/// For how long it fails before its halves are sent instead: they have no series in common, so
/// that this costs no order.
const MIN_TIME_TO_SPLIT: Duration = Duration::from_secs(60);

/// How often it is halved though no half passed, where others did before.
const MAX_HALVED: u8 = 3;

/// For how long it fails before another is tried in its place: in most outages all fail, and order
/// is worth more than to learn that soon.
const MIN_TIME: Duration = Duration::from_secs(300);

/// When to try those that are set aside, and which one may be the next of them.
#[derive(Debug)]
pub(crate) struct Aside {
    backoff: Backoff,
    due: Option<Instant>,
    doubt: Option<Doubt>,
}

/// That it is the endpoint which fails, and not this request: another is tried, to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doubt {
    pub(crate) place: RequestId,
    /// How soon to try it again if it is the request.
    pub(crate) pace: Pace,
}

fn failed_for(batch: &Batch, time: Duration) -> bool {
    let failing = batch.first_sent.map(|first| first.elapsed());
    batch.attempts >= MIN_ATTEMPTS && failing >= Some(time)
}

impl Aside {
    pub(crate) fn new() -> Self {
        Self {
            backoff: Backoff::new(),
            due: None,
            doubt: None,
        }
    }

    /// Whether another than this request, which failed again, should be tried.
    pub(crate) fn is_doubtful(batch: &Batch) -> bool {
        failed_for(batch, MIN_TIME)
    }

    /// Whether none need be tried, since those that it was sent with before passed.
    pub(crate) fn is_proved(batch: &Batch, others_passed: bool, has_aside: bool) -> bool {
        batch.piece > 0 && others_passed && (has_aside || failed_for(batch, MIN_TIME_TO_SPLIT))
    }

    /// Whether its halves should be sent instead: soon only where others pass, since an outage
    /// should not end in very many requests.
    pub(crate) fn is_to_be_split(batch: &Batch, others_passed: bool, has_aside: bool) -> bool {
        others_passed && batch.piece > 0
            || has_aside && batch.piece < MAX_HALVED
            || failed_for(batch, MIN_TIME_TO_SPLIT)
    }

    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        self.doubt = Some(doubt);
    }

    pub(crate) fn doubted(&self) -> Option<RequestId> {
        self.doubt.map(|doubt| doubt.place)
    }

    pub(crate) fn take_doubt(&mut self) -> Option<Doubt> {
        self.doubt.take()
    }

    /// The first one is set aside.
    pub(crate) fn begin(&mut self, pace: Pace) {
        self.backoff.reset();
        self.failed(pace, None);
    }

    pub(crate) fn failed(&mut self, pace: Pace, after: Option<Duration>) {
        self.due = Some(Instant::now() + self.backoff.next(pace, after));
    }

    /// So may the next.
    pub(crate) fn passed(&mut self) {
        self.backoff.reset();
        self.due = None;
    }

    /// Somebody waits.
    pub(crate) fn hurry(&mut self) {
        self.due = None;
    }

    /// When the next one may be tried; `None`: now.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due.filter(|due| *due > Instant::now())
    }
}
