//! Where a request stands among all.

use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Grows from request to request.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct RequestId {
    /// The parts of one request share it.
    pub(crate) sequence: u64,
    /// Where in that request a part of it begins.
    pub(crate) part: u64,
}

impl RequestId {
    /// Of a whole request.
    pub(crate) fn of(sequence: u64) -> Self {
        Self { sequence, part: 0 }
    }
}

// ===== from age: //! How old lines are, whatever becomes of the system's clock.
/// Dynatrace refuses data points that are more than an hour old (Dynatrace documentation, "Metric
/// ingestion protocol"). Less a minute: a request takes its time, and no two clocks agree.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(59 * 60);

/// A difference that no slow correction of a clock makes between two collections.
const JUMP: Duration = Duration::from_secs(60);

/// When lines were collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collected {
    /// By the clock that the lines were stamped with.
    pub(crate) wall: SystemTime,
    /// When this process first had them, by a clock that never jumps.
    seen: Instant,
    /// How old they were then.
    before: Duration,
}

impl Collected {
    pub(crate) fn now() -> Self {
        Self {
            wall: SystemTime::now(),
            seen: Instant::now(),
            before: Duration::ZERO,
        }
    }

    /// By an earlier process: only the system's clock spans both.
    pub(crate) fn at(wall: SystemTime) -> Self {
        let now = Self::now();
        Self {
            wall,
            before: now.wall.duration_since(wall).unwrap_or_default(),
            ..now
        }
    }

    /// When this process first had them.
    pub(crate) fn seen(&self) -> Instant {
        self.seen
    }

    /// Whether Dynatrace would refuse them.
    pub(crate) fn is_too_old(&self, now: Instant) -> bool {
        let age = now
            .saturating_duration_since(self.seen)
            .saturating_add(self.before);
        age > MAX_AGE
    }
}

/// Compares the system's clock with one that does not jump.
#[derive(Debug, Default)]
pub(crate) struct Clocks(Option<(SystemTime, Instant)>);

/// How far the system's clock went by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Jump {
    Forward(Duration),
    Backward(Duration),
}

impl Clocks {
    /// What happened to the system's clock since the last call.
    pub(crate) fn compare(&mut self, wall: SystemTime, now: Instant) -> Option<Jump> {
        let (last_wall, last) = self.0.replace((wall, now))?;
        let passed = now.saturating_duration_since(last);
        let expected = last_wall.checked_add(passed)?;
        let jump = match wall.duration_since(expected) {
            Ok(ahead) => Jump::Forward(ahead),
            Err(behind) => Jump::Backward(behind.duration()),
        };
        let (Jump::Forward(distance) | Jump::Backward(distance)) = jump;
        (distance >= JUMP).then_some(jump)
    }
}

#[cfg(test)]
mod tests;
