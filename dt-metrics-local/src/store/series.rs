//! The aggregate of one series: its total and its rate.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::protocol::{Kind, Line, Payload};

/// The period that a rate covers.
const WINDOW: Duration = Duration::from_secs(30);

/// Lines within this time are one sample, which bounds the number of samples of a series.
const SAMPLE_WIDTH: Duration = Duration::from_millis(500);

/// The identity of a series: metric key, sorted dimensions and kind of payload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    metric: String,
    dimensions: Vec<(String, String)>,
    kind: Kind,
}

impl Identity {
    pub(super) fn of(line: &Line) -> Self {
        let mut dimensions = line.dimensions.clone();
        dimensions.sort_unstable();
        Self {
            metric: line.key.clone(),
            dimensions,
            kind: line.payload.kind(),
        }
    }
}

/// The aggregate of all lines with one metric key, one set of dimensions and one kind of payload.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// The metric key.
    pub metric: String,
    /// The dimensions, sorted by key.
    pub dimensions: Vec<(String, String)>,
    /// The kind of payload.
    pub kind: Kind,
    /// The newest payload, which has the latest timestamp.
    pub last: Payload,
    /// The sum of all deltas for counts, the sum of all sums for summaries, and the newest value for gauges.
    pub total: f64,
    /// The number of measured values: the sum of the counts of summaries; one per line for other kinds.
    pub values: u64,
    /// The number of received lines.
    pub lines: u64,
    /// The time at which the newest line arrived.
    pub last_seen: SystemTime,
    /// The time at which the first line arrived.
    pub(crate) first_seen: SystemTime,
    /// The time of the newest payload.
    last_at: SystemTime,
    samples: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Sample {
    at: SystemTime,
    amount: f64,
}

impl Series {
    pub(super) fn new(identity: &Identity, line: &Line, now: SystemTime) -> Self {
        Self {
            metric: identity.metric.clone(),
            dimensions: identity.dimensions.clone(),
            kind: identity.kind,
            last: line.payload,
            total: 0.0,
            values: 0,
            lines: 0,
            last_seen: now,
            first_seen: now,
            last_at: SystemTime::UNIX_EPOCH,
            samples: VecDeque::new(),
        }
    }

    /// Adds a payload that was measured `at` a time and arrives now.
    pub(super) fn add(&mut self, payload: Payload, at: SystemTime, now: SystemTime) {
        // After the clock was set back, `last_at` is in the future.
        let is_newest = at >= self.last_at.min(now);
        if is_newest {
            self.last = payload;
            self.last_at = at;
        }
        self.last_seen = now;
        self.lines += 1;
        match payload {
            Payload::Gauge { value } => {
                if is_newest {
                    self.total = value;
                }
                self.values += 1;
            }
            Payload::Summary { sum, count, .. } => {
                self.total += sum;
                self.values = self.values.saturating_add(count);
                // A rate does not need the precision.
                #[allow(clippy::cast_precision_loss)]
                self.sample(count as f64, now);
            }
            Payload::Count { delta } => {
                self.total += delta;
                self.values += 1;
                self.sample(delta, now);
            }
        }
    }

    fn sample(&mut self, amount: f64, now: SystemTime) {
        if self.samples.back().is_some_and(|newest| newest.at > now) {
            // The clock was set back, so the older samples would be in the future.
            self.samples.clear();
        }
        if let Some(newest) = self.samples.back_mut()
            && elapsed(newest.at, now) < SAMPLE_WIDTH
        {
            newest.amount += amount;
            return;
        }
        self.samples.push_back(Sample { at: now, amount });
        while let Some(oldest) = self.samples.front()
            && elapsed(oldest.at, now) > WINDOW
            && self.samples.len() > 2
        {
            self.samples.pop_front();
        }
    }

    /// Returns the increase of a count per second, or the number of values of a summary per second, over the
    /// 30 seconds before the newest line.
    ///
    /// Returns `None` for gauges and after a single push, and 0 if the series did not receive a line for more
    /// than 30 seconds before `now`.
    #[must_use]
    pub fn rate_per_second(&self, now: SystemTime) -> Option<f64> {
        let (oldest, newest) = (self.samples.front()?, self.samples.back()?);
        let seconds = elapsed(oldest.at, newest.at).as_secs_f64();
        if seconds == 0.0 {
            return None;
        }
        // A push contains everything counted since the previous one, so at a push interval above
        // 30 seconds the series is not silent between two pushes.
        if elapsed(newest.at, now) > WINDOW.max(elapsed(oldest.at, newest.at)) {
            return Some(0.0);
        }
        // The oldest sample was counted before the period began.
        let increase: f64 = self
            .samples
            .iter()
            .skip(1)
            .map(|sample| sample.amount)
            .sum();
        Some(increase / seconds)
    }

    /// The time at which the rate becomes 0 if nothing more arrives.
    pub(crate) fn rate_ends_at(&self) -> Option<SystemTime> {
        let (oldest, newest) = (self.samples.front()?, self.samples.back()?);
        newest
            .at
            .checked_add(WINDOW.max(elapsed(oldest.at, newest.at)))
    }

    /// Returns `true` if the series has all of these dimensions with these values.
    #[must_use]
    pub fn has_dimensions(&self, dimensions: &[(&str, &str)]) -> bool {
        dimensions.iter().all(|(key, value)| {
            self.dimensions
                .iter()
                .any(|(known_key, known_value)| known_key == key && known_value == value)
        })
    }
}

/// The time between the two; zero if the clock was set back.
fn elapsed(from: SystemTime, to: SystemTime) -> Duration {
    to.duration_since(from).unwrap_or_default()
}
