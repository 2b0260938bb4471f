//! The state of the delivery: pending requests, health, and how far the exporter's life went.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::dynatrace::buffer::events::{Event, PendingEvents};
use crate::dynatrace::buffer::queue::{Outgoing, Queue, Request};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::event::DeliveryEvent;
use crate::dynatrace::health::{DropReason, Health};
use crate::dynatrace::request::{Clocks, Collected, RequestId};
use crate::dynatrace::retry::backoff::Pace;
use crate::dynatrace::retry::bisection::{Evidence, Probe};
use crate::dynatrace::retry::dead_letter::DeadLetterSchedule;
use crate::dynatrace::retry::outcome::{Failure, Outcome, ServerWarnings};
use crate::dynatrace::spool::slot::Contents;

/// For how long a request fails before an unrelated one is tried in its place: most failures pass
/// sooner, and the order of the pushes is worth keeping.
const MIN_TIME_TO_OVERTAKE: Duration = Duration::from_secs(10);

/// For how long an accepted request shows that the endpoint works.
const RECENT: Duration = Duration::from_secs(60);

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
    pub(crate) dead_letters: DeadLetterSchedule,
    /// A request that failed in a way that may be its own fault: another one is tried in its place.
    pub(crate) suspect: Option<(RequestId, Probe)>,
    /// How often both failed, the suspect and the other one, since any request was accepted.
    pub(crate) failed_probes: u32,
    /// When the endpoint last accepted a request.
    accepted_at: Option<Instant>,
    /// Somebody waits: the next pause is skipped.
    pub(crate) hurry: bool,
    pub(crate) events: PendingEvents,
    /// The disk did not keep up: nobody waits for it until it does.
    pub(crate) disk_is_slow: bool,
    clocks: Clocks,
}

/// How far the exporter's life went.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Life {
    Running,
    /// Nothing is taken or sent any more.
    Stopped,
    /// The exporter's thread is gone as well.
    Exited,
}

/// A failed attempt after which waiting is of no use.
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
    NobodyListens,
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
            dead_letters: DeadLetterSchedule::new(),
            suspect: None,
            failed_probes: 0,
            accepted_at: None,
            hurry: false,
            events: PendingEvents::default(),
            disk_is_slow: false,
            clocks: Clocks::default(),
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.life >= Life::Stopped
    }

    /// Begins an attempt, if fewer requests than `limit` are in flight: drops requests that are too
    /// old, takes the next one, counts the attempt, and ends a hurry. `None` if no request can be sent
    /// now.
    pub(crate) fn begin(&mut self, limit: usize) -> Option<Outgoing> {
        self.drop_old();
        let in_flight = self.queue.count_in_flight();
        if in_flight >= limit {
            return None;
        }
        let in_turn = match self.suspect {
            None => self.queue.take(),
            Some((suspect, probe)) => self.queue.take_other(suspect, probe),
        };
        // Dead letters have waited longer: other requests are sent before them.
        let attempt = match in_turn {
            None if in_flight == 0 && self.dead_letters.is_due() => {
                self.queue.take_dead_letter()?
            }
            in_turn => in_turn?,
        };
        self.begun += 1;
        self.hurry = false;
        self.health.retries += u64::from(attempt.is_repeated);
        Some(attempt)
    }

    /// Counts the end of an attempt. The request itself is settled separately.
    pub(crate) fn end(&mut self, outcome: &Outcome) {
        self.ended += 1;
        if let Some(message) = outcome.message() {
            self.health.last_error = Some(message.into());
        }
        match outcome {
            // Metadata alone may have been rejected.
            Outcome::Accepted
            | Outcome::Partial {
                rejected_points: 0, ..
            } => {}
            Outcome::Partial {
                rejected_points,
                message,
                ..
            } => self
                .events
                .add(Event::Delivery(DeliveryEvent::PointsRejected {
                    points: *rejected_points,
                    reason: message.clone(),
                })),
            _ => self.health.requests_failed += 1,
        }
        if matches!(
            outcome,
            Outcome::Failed {
                failure: Failure::Ambiguous,
                ..
            }
        ) {
            self.health.requests_unanswered += 1;
        }
    }

    /// Counts the warnings of an answer.
    pub(crate) fn warned(&mut self, warnings: ServerWarnings) {
        let count = warnings.count;
        self.health.server_warnings = self.health.server_warnings.saturating_add(count);
        let event = DeliveryEvent::ServerWarnings {
            warnings: count,
            reason: warnings.message,
        };
        self.events.add(Event::Delivery(event));
    }

    /// Records whether a flush should go on waiting after the attempt that just ended.
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
                failure: Failure::NobodyListens { .. },
                ..
            } => RefusalKind::NobodyListens,
            _ => return,
        };
        let reason = outcome.message().unwrap_or_default().into();
        self.refusal = Some(Refusal {
            attempt: self.ended,
            kind,
            reason,
        });
    }

    /// The evidence about the request in flight, which failed in a way that may be its own fault.
    /// `replaced` is the suspect in whose place it was tried.
    pub(crate) fn evidence(&self, replaced: Option<RequestId>, pace: Pace) -> Evidence {
        let Some(request) = self.queue.in_flight() else {
            return Evidence::FirstFailure; // Cannot happen: the request is in flight.
        };
        // Most failures pass by themselves, but not where somebody has to do something.
        let is_first = !request.is_part && request.attempts == 1 && pace != Pace::Slow;
        // In this order: earlier evidence counts more than this attempt.
        if request.dead_letter.is_some() {
            Evidence::DeadLetter
        } else if self.queue.is_proven_guilty(request) {
            Evidence::EndpointWorks
        } else if replaced.is_some_and(|replaced| replaced != request.id) {
            Evidence::EndpointFails
        } else if request.is_in_company {
            Evidence::InCompany
        } else if is_first {
            Evidence::FirstFailure
        } else if self.queue.is_divisible() && !request.is_part {
            // Its halves are each other's evidence, and keep the order of the pushes.
            Evidence::Inconclusive
        } else if let Some(probe) = self.probe(request, pace) {
            Evidence::OtherPending(probe)
        } else {
            Evidence::Inconclusive
        }
    }

    /// The request to try in place of a request that failed.
    fn probe(&self, request: &Request, pace: Pace) -> Option<Probe> {
        let has = |probe: &Probe| self.queue.has_other(request.id, *probe);
        let failing = request.failing_since.map(|since| since.elapsed());
        let may_overtake = pace == Pace::Slow || failing >= Some(MIN_TIME_TO_OVERTAKE);
        // Alternately: if all parts of a request are at fault, only another request can prove that
        // the endpoint works.
        let probes = match (may_overtake, self.failed_probes % 2) {
            (false, _) => [Probe::Part, Probe::Part],
            (true, 0) => [Probe::Part, Probe::Unrelated],
            (true, _) => [Probe::Unrelated, Probe::Part],
        };
        probes.into_iter().find(has)
    }

    /// Whether the endpoint accepted a request a moment ago, so that nobody has to put it right.
    pub(crate) fn works(&self) -> bool {
        self.accepted_at.is_some_and(|at| at.elapsed() < RECENT)
    }

    /// The request in flight was answered: this many points were rejected, and the other points
    /// accepted.
    pub(crate) fn accept(&mut self, rejected: u64) {
        self.health.requests_accepted += 1;
        self.failed_probes = 0;
        self.accepted_at = Some(Instant::now());
        // The cause that kept requests from being sent is over; dropped requests stay dropped.
        self.refusal = self
            .refusal
            .take()
            .filter(|refusal| refusal.kind == RefusalKind::Dropped);
        if let Some(request) = self.queue.finish_in_flight() {
            if request.dead_letter.is_some() {
                self.dead_letters.accepted();
            }
            let accepted = request.points.saturating_sub(rejected);
            self.health.points_accepted += accepted;
            self.health.points_rejected += request.points - accepted;
            if accepted > 0 {
                self.health.last_success = Some(SystemTime::now());
            }
        }
    }

    /// Adds a request, which may be the last one of its collection, and drops the oldest ones where there is no
    /// room.
    pub(crate) fn add(&mut self, body: Body, collected: Collected, is_last: bool) {
        let points = self.queue.push(body, collected, is_last);
        self.drop_points(DropReason::BufferFull, points);
    }

    /// Adds the requests that earlier processes left on disk.
    pub(crate) fn restore(&mut self, found: &Contents, at_most_once: bool) {
        let recovered = found.points().saturating_add(found.damaged_points);
        let health = &mut self.health;
        health.points_recovered = health.points_recovered.saturating_add(recovered);
        self.drop_points(DropReason::SpoolDamaged, found.damaged_points);
        let dropped = self.queue.restore(&found.stored, found.last_sequence);
        self.drop_points(DropReason::BufferFull, dropped);
        for sending in &found.sending {
            self.health.requests_unanswered += 1;
            if at_most_once {
                let points = self.queue.drop_waiting(*sending);
                self.drop_points(DropReason::Ambiguous, points);
            }
        }
    }

    /// Drops requests that Dynatrace would reject for their age.
    pub(crate) fn drop_old(&mut self) {
        let points = self.queue.drop_old(Instant::now());
        self.drop_points(DropReason::TooOld, points);
    }

    /// When the sender has to look again, unless it is woken before.
    pub(crate) fn due(&self) -> Option<Instant> {
        let dead_letters = self.dead_letters.next_due();
        dead_letters.filter(|_| !self.queue.dead_series().is_empty())
    }

    /// The request in flight failed and stays pending.
    pub(crate) fn put_back(&mut self) {
        let points = self.queue.put_back();
        self.drop_points(DropReason::BufferFull, points);
    }

    pub(crate) fn drop_in_flight(&mut self, reason: DropReason) {
        let points = self.queue.drop_in_flight();
        self.drop_points(reason, points);
    }

    /// Looks whether the system's clock jumped.
    pub(crate) fn compare_clocks(&mut self) {
        let jump = self.clocks.compare(SystemTime::now(), Instant::now());
        if let Some(jump) = jump {
            self.events.add(Event::ClockJumped(jump));
        }
    }

    /// Counts points that are dropped with a request.
    pub(crate) fn drop_points(&mut self, reason: DropReason, points: u64) {
        self.health.drop_points(reason, points);
        self.events.dropped(reason, None, points);
    }
}
