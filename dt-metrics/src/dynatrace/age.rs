//! How old lines are, whatever becomes of the system's clock.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Dynatrace refuses data points that are more than an hour old (Dynatrace documentation, "Metric
/// ingestion protocol"). Less a minute: a request takes its time, and no two clocks agree.
pub(super) const MAX_AGE: Duration = Duration::from_secs(59 * 60);

/// A difference that no slow correction of a clock makes between two collections.
const JUMP: Duration = Duration::from_secs(60);

/// When lines were collected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collected {
    /// By the clock that the lines were stamped with.
    pub(super) wall: SystemTime,
    /// When this process first had them, by a clock that never jumps.
    seen: Instant,
    /// How old they were then.
    before: Duration,
}

impl Collected {
    pub(super) fn now() -> Self {
        Self {
            wall: SystemTime::now(),
            seen: Instant::now(),
            before: Duration::ZERO,
        }
    }

    /// By an earlier process: only the system's clock spans both.
    pub(super) fn at(wall: SystemTime) -> Self {
        let now = Self::now();
        Self {
            wall,
            before: now.wall.duration_since(wall).unwrap_or_default(),
            ..now
        }
    }

    /// When this process first had them.
    pub(super) fn seen(&self) -> Instant {
        self.seen
    }

    /// Whether Dynatrace would refuse them.
    pub(super) fn is_too_old(&self, now: Instant) -> bool {
        let age = now
            .saturating_duration_since(self.seen)
            .saturating_add(self.before);
        age > MAX_AGE
    }
}

/// Compares the system's clock with one that does not jump.
#[derive(Debug, Default)]
pub(super) struct Clocks(Option<(SystemTime, Instant)>);

/// How far the system's clock went by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Jump {
    Forward(Duration),
    Backward(Duration),
}

impl Clocks {
    /// What happened to the system's clock since the last call.
    pub(super) fn compare(&mut self, wall: SystemTime, now: Instant) -> Option<Jump> {
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
