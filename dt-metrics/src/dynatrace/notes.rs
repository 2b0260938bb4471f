//! What is kept, and said, about points that were dropped or altered.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::registry::descriptors_of;

/// The scope of the instruments that annotations make.
pub(crate) const SCOPE: &str = "dt-metrics";

/// How many metrics are remembered for one reason. More of them have one cause.
const MAX_NAMED: usize = 100;

/// What did not happen for so long is news when it happens again.
const QUIET: Duration = Duration::from_secs(60 * 60);

/// How many source places are named.
const MAX_PLACES: usize = 3;

/// Numbers of points by reason.
pub(super) type Counts = BTreeMap<&'static str, u64>;

/// What one collection came to, besides its lines.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Points that did not become a line.
    pub(super) dropped: Counts,
    /// The same by reason and metric.
    pub(super) lost: Vec<(&'static str, String, u64)>,
    /// Points that became a line that differs from them, and metadata that was left out.
    pub(super) altered: Counts,
    /// What to say about it.
    pub(super) warnings: Vec<String>,
}

impl Notes {
    pub(super) fn drop(&mut self, reason: &'static str, metric: &str, points: u64) {
        *self.dropped.entry(reason).or_default() += points;
        // Those of a metric come one after the other.
        match self.lost.last_mut() {
            Some((last, name, sum)) if *last == reason && name == metric => *sum += points,
            _ => self.lost.push((reason, metric.into(), points)),
        }
    }
}

/// A metric as warnings name it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    /// Whether it is one of this library's instruments, which know their place in the source.
    pub(super) annotated: bool,
}

/// The metrics that were named already, for each reason, and when that was last called for.
#[derive(Default)]
pub(super) struct Named(BTreeMap<&'static str, HashMap<Box<str>, Instant>>);

impl Named {
    /// Warns if this is the first of its kind, or the first after a long time.
    pub(super) fn warn(
        &mut self,
        notes: &mut Notes,
        now: Instant,
        reason: &'static str,
        subject: Subject<'_>,
        text: impl FnOnce() -> String,
    ) {
        if self.is_new(reason, subject.name, now) {
            notes
                .warnings
                .push(format!("{}: {}", subject.describe(), text()));
        }
    }

    fn is_new(&mut self, reason: &'static str, metric: &str, now: Instant) -> bool {
        let is_quiet = |last: &Instant| now.saturating_duration_since(*last) >= QUIET;
        let named = self.0.entry(reason).or_default();
        if let Some(last) = named.get_mut(metric) {
            let new = is_quiet(last);
            *last = now;
            return new;
        }
        if named.len() >= MAX_NAMED {
            named.retain(|_, last| !is_quiet(last));
        }
        let room = named.len() < MAX_NAMED;
        if room {
            named.insert(metric.into(), now);
        }
        room
    }
}

impl Subject<'_> {
    /// The metric and, if it is annotated, where.
    fn describe(self) -> String {
        let mut text = format!("metric {:?}", self.name);
        if self.annotated {
            for (index, descriptor) in descriptors_of(self.name).take(MAX_PLACES).enumerate() {
                text.push_str(if index == 0 { " at " } else { ", " });
                text.push_str(descriptor.file);
                text.push(':');
                text.push_str(&descriptor.line.to_string());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests;
