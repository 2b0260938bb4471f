//! What happened to lines, points and the spool since the program was last told.

use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::Jump;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How many metrics are named at a time; the points of others are told without a name.
const MAX_METRICS: usize = 20;

/// Adds up until it is told.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) lines: LineNews,
    /// Points that were dropped, by reason and metric.
    pub(crate) points: BTreeMap<(DropReason, Option<String>), u64>,
    /// What the spool cannot do.
    pub(crate) spool: Vec<String>,
}

/// What happened to lines.
#[derive(Debug, Default)]
pub(crate) struct LineNews {
    /// Lines that were dropped, by reason.
    pub(crate) lost: BTreeMap<DropReason, u64>,
    /// Lines that the endpoint refused, and what it said about the latest.
    pub(crate) refused: u64,
    pub(crate) refusal: String,
    pub(crate) jump: Option<Jump>,
    /// Requests that fail while others pass.
    pub(crate) set_aside: u64,
}

/// Until when what is new waits, since the like of it was told: of lines, of points and of the
/// spool.
#[derive(Debug, Default)]
pub(crate) struct Quiet([Option<Instant>; 3]);

impl News {
    pub(crate) fn is_empty(&self) -> bool {
        self.has() == [false; 3]
    }

    fn has(&self) -> [bool; 3] {
        [
            !self.lines.is_empty(),
            !self.points.is_empty(),
            !self.spool.is_empty(),
        ]
    }

    /// Takes out what may be told now.
    pub(crate) fn take_due(&mut self, quiet: &mut Quiet, interval: Duration) -> Self {
        let now = Instant::now();
        let has = self.has();
        let mut due = [false; 3];
        for (index, until) in quiet.0.iter_mut().enumerate() {
            due[index] = has[index] && until.is_none_or(|until| until <= now);
            if due[index] {
                *until = Some(now + interval);
            }
        }
        let [lines, points, spool] = due;
        Self {
            lines: take_if(lines, &mut self.lines),
            points: take_if(points, &mut self.points),
            spool: take_if(spool, &mut self.spool),
        }
    }

    /// When something will be due, if nothing else happens until then.
    pub(crate) fn due(&self, quiet: &Quiet) -> Option<Instant> {
        let waiting = self.has().into_iter().zip(quiet.0);
        waiting
            .filter_map(|(has, until)| until.filter(|_| has))
            .min()
    }

    pub(crate) fn lost(&mut self, reason: DropReason, lines: u64) {
        if lines > 0 {
            *self.lines.lost.entry(reason).or_default() += lines;
        }
    }

    pub(crate) fn refused(&mut self, lines: u64, refusal: &str) {
        if lines > 0 {
            self.lines.refused += lines;
            self.lines.refusal.clear();
            self.lines.refusal.push_str(refusal);
        }
    }

    pub(crate) fn points_lost(&mut self, reason: DropReason, metric: Option<&str>, points: u64) {
        if points > 0 {
            let mut key = (reason, metric.map(str::to_owned));
            if self.points.len() >= MAX_METRICS && !self.points.contains_key(&key) {
                key.1 = None;
            }
            *self.points.entry(key).or_default() += points;
        }
    }

    pub(crate) fn spool_fails(&mut self, reason: String) {
        if !self.spool.contains(&reason) {
            self.spool.push(reason);
        }
    }
}

impl LineNews {
    fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.refused == 0 && self.jump.is_none() && self.set_aside == 0
    }
}

fn take_if<T: Default>(condition: bool, value: &mut T) -> T {
    if condition {
        std::mem::take(value)
    } else {
        T::default()
    }
}
