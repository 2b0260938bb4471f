//! What is known about every line, and the books of what became of it.

use crate::dynatrace::buffer::events::News;
use crate::dynatrace::buffer::queue::{Batch, Queue};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::health::Health;
use crate::dynatrace::request::{Clocks, Collected};
use crate::dynatrace::retry::dead_letter::Aside;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use crate::dynatrace::spool::slot::Contents;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) queue: Queue,
    pub(crate) health: Health,
    /// How many attempts were begun, and how many of them ended.
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    /// The latest attempt whose answer ends a flush.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) life: Life,
    /// How long after its collection a request is sent, so that many processes that collect at one
    /// moment do not send at one moment. Those up to that number wait no longer: somebody waits.
    pub(crate) spread: Duration,
    pub(crate) released: u64,
    /// Of those that fail while others pass.
    pub(crate) aside: Aside,
    /// Somebody waits: the next pause is skipped.
    pub(crate) hurry: bool,
    /// What the program was not told yet.
    pub(crate) news: News,
    /// The disk did not keep up: it is not waited for until it does.
    pub(crate) disk_is_slow: bool,
    clocks: Clocks,
}

/// How far the exporter's life went.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Life {
    Running,
    /// Nothing is taken or sent any more.
    Stopped,
    /// The exporter's thread is gone, too.
    Exited,
}

/// An attempt that tells those who wait that waiting is of no use.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The number of the attempt, from 1.
    pub(crate) attempt: u64,
    pub(crate) kind: RefusalKind,
    pub(crate) reason: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RefusalKind {
    /// The request is kept, but trying soon does not help.
    Kept,
    /// The request was dropped.
    Dropped,
    /// Nothing listens there.
    NobodyThere,
}

impl State {
    pub(crate) fn new(buffer_limit_bytes: usize) -> Self {
        Self {
            queue: Queue::new(buffer_limit_bytes),
            health: Health::default(),
            begun: 0,
            ended: 0,
            refusal: None,
            life: Life::Running,
            spread: Duration::ZERO,
            released: 0,
            aside: Aside::new(),
            hurry: false,
            news: News::default(),
            disk_is_slow: false,
            clocks: Clocks::default(),
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.life >= Life::Stopped
    }

    /// The next request to send, if there is one.
    pub(crate) fn begin(&mut self) -> Option<Batch> {
        self.drop_old();
        let in_turn = match self.aside.doubted() {
            _ if self.spread_until().is_some() => None,
            None => self.queue.take(),
            Some(place) => self.queue.take_instead_of(place),
        };
        // Those that were set aside have waited: the others go first.
        let batch = match in_turn {
            None if self.aside.due().is_none() => self.queue.take_aside()?,
            in_turn => in_turn?,
        };
        self.begun += 1;
        self.hurry = false;
        self.health.retries += u64::from(batch.attempts > 1);
        Some(batch)
    }

    /// Books the end of an attempt, but not what becomes of the request.
    pub(crate) fn end(&mut self, outcome: &Outcome) {
        self.ended += 1;
        if let Some(message) = outcome.message() {
            self.health.last_error = Some(message.into());
        }
        if let Outcome::Partial {
            refused, message, ..
        } = outcome
        {
            self.news.refused(*refused, message);
        }
        if !matches!(outcome, Outcome::Accepted | Outcome::Partial { .. }) {
            self.health.requests_failed += 1;
        }
        if matches!(
            outcome,
            Outcome::Failed {
                failure: Failure::NoAnswer,
                ..
            }
        ) {
            self.health.requests_unanswered += 1;
        }
    }

    /// Lets those know who wait whether waiting is of use after the attempt that just ended.
    pub(crate) fn note_refusal(&mut self, outcome: &Outcome) {
        let kind = match outcome {
            Outcome::Unauthorized { .. }
            | Outcome::Misdirected { .. }
            | Outcome::Failed {
                failure: Failure::Unprepared,
                ..
            } => RefusalKind::Kept,
            Outcome::Rejected { .. } => RefusalKind::Dropped,
            Outcome::Failed {
                failure: Failure::Refused { .. },
                ..
            } => RefusalKind::NobodyThere,
            _ => return,
        };
        let reason = outcome.message().unwrap_or_default().into();
        self.refusal = Some(Refusal {
            attempt: self.ended,
            kind,
            reason,
        });
    }

    /// The request in flight was answered: so many lines were refused, the others accepted.
    pub(crate) fn accept(&mut self, invalid: u64) {
        self.health.requests_accepted += 1;
        // What kept others from being sent is over; what was dropped stays dropped.
        self.refusal = self
            .refusal
            .take()
            .filter(|refusal| refusal.kind == RefusalKind::Dropped);
        if let Some(batch) = self.queue.finish() {
            self.passed(batch.is_aside);
            let ok = batch.body.lines.saturating_sub(invalid);
            self.health.points_accepted += ok;
            self.health.points_rejected += batch.body.lines - ok;
            if ok > 0 {
                self.health.last_success = Some(SystemTime::now());
            }
        }
    }

    /// Adds a request, and drops the oldest where there is no room.
    pub(crate) fn add(&mut self, body: Body, collected: Collected) {
        let lines = self.queue.push(body, collected);
        self.lose(DropReason::BufferFull, lines);
    }

    /// Adds what earlier processes left on the disk.
    pub(crate) fn restore(&mut self, found: &Contents, drop_ambiguous: bool) {
        let lines: u64 = found.stored.iter().map(|stored| stored.header.lines).sum();
        self.health.points_recovered += lines + found.damaged_lines;
        self.lose(DropReason::SpoolDamaged, found.damaged_lines);
        let dropped = self.queue.restore(&found.stored, found.last_sequence);
        self.lose(DropReason::BufferFull, dropped);
        for sending in &found.sending {
            self.health.requests_unanswered += 1;
            if drop_ambiguous {
                let lines = self.queue.drop_at(*sending);
                self.lose(DropReason::Ambiguous, lines);
            }
        }
    }

    /// Drops what Dynatrace would refuse for its age.
    pub(crate) fn drop_old(&mut self) {
        let lines = self.queue.drop_old(Instant::now());
        self.lose(DropReason::TooOld, lines);
    }

    /// When there will be something to send, though nothing happens until then.
    pub(crate) fn due(&self) -> Option<Instant> {
        let aside = self.aside.due().filter(|_| self.queue.has_aside());
        aside.into_iter().chain(self.spread_until()).min()
    }

    /// Until when those in turn wait, if they do.
    fn spread_until(&self) -> Option<Instant> {
        let (collected, place) = self.queue.first_in_turn()?;
        let until = collected.seen() + self.spread;
        (place.sequence > self.released && until > Instant::now()).then_some(until)
    }

    pub(crate) fn put_back(&mut self) {
        let lines = self.queue.put_back();
        self.lose(DropReason::BufferFull, lines);
    }

    /// Lets the others of its collection go first; whether there are any that were not tried yet.
    pub(crate) fn step_aside(&mut self) -> bool {
        let (lines, fresh) = self.queue.step_aside();
        self.lose(DropReason::BufferFull, lines);
        fresh
    }

    pub(crate) fn drop_in_flight(&mut self, reason: DropReason) {
        let lines = self.queue.drop_in_flight();
        self.lose(reason, lines);
    }

    /// Looks whether the system's clock jumped.
    pub(crate) fn compare_clocks(&mut self) {
        let jump = self.clocks.compare(SystemTime::now(), Instant::now());
        self.news.lines.jump = jump.or(self.news.lines.jump);
    }

    pub(crate) fn lose(&mut self, reason: DropReason, lines: u64) {
        self.health.drop_points(reason, lines);
        self.news.lost(reason, lines);
    }
}
