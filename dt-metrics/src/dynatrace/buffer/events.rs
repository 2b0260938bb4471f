//! Events that the program was not told yet. They add up while they wait.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::Jump;

/// How many metrics are named at a time; points of further ones are reported without a name.
const MAX_METRICS: usize = 20;

/// Everything that happened since the program was last told.
#[derive(Debug, Default)]
pub(crate) struct PendingEvents {
    /// Points that were dropped by an instrument or by the encoder: by reason and metric.
    pub(crate) points: BTreeMap<(DropReason, Option<String>), u64>,
    pub(crate) requests: RequestEvents,
    /// What the spool cannot do.
    pub(crate) spool: Vec<String>,
}

/// What happened to requests.
#[derive(Debug, Default)]
pub(crate) struct RequestEvents {
    /// Points that were dropped, by reason.
    pub(crate) dropped: BTreeMap<DropReason, u64>,
    /// Lines that the endpoint rejected, and what it answered last.
    pub(crate) rejected: u64,
    pub(crate) rejection: String,
    /// How far the system's clock jumped.
    pub(crate) jump: Option<Jump>,
    /// Lines that became dead letters.
    pub(crate) dead_letters: u64,
}

/// Until when events of each sort wait, since others of that sort were reported: points, requests,
/// spool. A sort does not wait for another one.
#[derive(Debug, Default)]
pub(crate) struct QuietUntil([Option<Instant>; 3]);

impl PendingEvents {
    pub(crate) fn is_empty(&self) -> bool {
        self.has() == [false; 3]
    }

    fn has(&self) -> [bool; 3] {
        [
            !self.points.is_empty(),
            !self.requests.is_empty(),
            !self.spool.is_empty(),
        ]
    }

    /// Takes out what may be reported now.
    pub(crate) fn take_due(&mut self, quiet: &mut QuietUntil, interval: Duration) -> Self {
        let now = Instant::now();
        let mut due = self.has();
        for (due, until) in due.iter_mut().zip(&mut quiet.0) {
            *due = *due && until.is_none_or(|until| until <= now);
            if *due {
                *until = Some(now + interval);
            }
        }
        let [points, requests, spool] = due;
        Self {
            points: take_if(points, &mut self.points),
            requests: take_if(requests, &mut self.requests),
            spool: take_if(spool, &mut self.spool),
        }
    }

    /// When something will be due, if nothing else happens until then.
    pub(crate) fn due(&self, quiet: &QuietUntil) -> Option<Instant> {
        let waiting = self.has().into_iter().zip(quiet.0);
        waiting
            .filter_map(|(has, until)| until.filter(|_| has))
            .min()
    }

    /// Points were dropped: of this metric, or with a request.
    pub(crate) fn dropped(&mut self, reason: DropReason, metric: Option<&str>, points: u64) {
        if points == 0 {
            return;
        }
        let Some(metric) = metric else {
            *self.requests.dropped.entry(reason).or_default() += points;
            return;
        };
        let mut key = (reason, Some(metric.to_owned()));
        if self.points.len() >= MAX_METRICS && !self.points.contains_key(&key) {
            key.1 = None;
        }
        *self.points.entry(key).or_default() += points;
    }

    /// The endpoint rejected lines, with this answer.
    pub(crate) fn rejected(&mut self, lines: u64, answer: &str) {
        if lines > 0 {
            self.requests.rejected += lines;
            self.requests.rejection.clear();
            self.requests.rejection.push_str(answer);
        }
    }

    /// The system's clock jumped, or not.
    pub(crate) fn clock_jumped(&mut self, jump: Option<Jump>) {
        self.requests.jump = jump.or(self.requests.jump);
    }

    /// The spool cannot do its work.
    pub(crate) fn spool_fails(&mut self, reason: String) {
        if !self.spool.contains(&reason) {
            self.spool.push(reason);
        }
    }
}

impl RequestEvents {
    fn is_empty(&self) -> bool {
        self.dropped.is_empty()
            && self.rejected == 0
            && self.jump.is_none()
            && self.dead_letters == 0
    }
}

fn take_if<T: Default>(condition: bool, value: &mut T) -> T {
    if condition {
        std::mem::take(value)
    } else {
        T::default()
    }
}
