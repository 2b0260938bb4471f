//! A request in the delivery: its number, and when its lines were collected.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Dynatrace rejects data points that are more than an hour old (Dynatrace documentation, "Metric
/// ingestion protocol"). One minute less, since a request takes its time and no two clocks agree.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(59 * 60);

/// A difference that no gradual correction of a clock makes between two collections.
const JUMP: Duration = Duration::from_secs(60);

/// Identifies a request, or a part of a divided one; ordered as the requests were made.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct RequestId {
    /// The number of the request, shared by its parts.
    pub(crate) sequence: u64,
    /// The number of lines in the parts before this one. All parts together have no more lines than
    /// the whole: [`Slot::scan`](crate::dynatrace::spool::slot::Slot::scan) relies on it to find
    /// lines that are stored twice.
    pub(crate) part: u64,
}

impl RequestId {
    /// The id of a whole request.
    pub(crate) fn of(sequence: u64) -> Self {
        Self { sequence, part: 0 }
    }
}

/// The state of the cells after the collection that a request is a part of: the file of the cells, and the
/// number of the [snapshot](crate::dynatrace::spool::cells) in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SnapshotId {
    pub(crate) file: u64,
    pub(crate) number: u64,
    /// How many requests the collection has, for the last one of them.
    pub(crate) requests: Option<u64>,
}

impl SnapshotId {
    /// Whether both are the state after the same collection.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.file, self.number) == (other.file, other.number)
    }
}

/// The time of a collection, on two clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collected {
    /// The system's time, with which the lines are stamped.
    pub(crate) wall: SystemTime,
    /// When this process first had the lines, on a clock that never jumps.
    pub(crate) seen: Instant,
    /// How old the lines were at `seen`.
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

    /// A collection of an earlier process: only the system's clock spans both processes.
    pub(crate) fn at(wall: SystemTime) -> Self {
        let now = Self::now();
        Self {
            wall,
            before: now.wall.duration_since(wall).unwrap_or_default(),
            ..now
        }
    }

    /// Whether Dynatrace would reject the lines.
    pub(crate) fn is_too_old(&self, now: Instant) -> bool {
        let age = now
            .saturating_duration_since(self.seen)
            .saturating_add(self.before);
        age > MAX_AGE
    }
}

/// Compares the system's clock with a clock that does not jump.
#[derive(Debug, Default)]
pub(crate) struct Clocks(Option<(SystemTime, Instant)>);

/// How far the system's clock was moved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Jump {
    Forward(Duration),
    Backward(Duration),
}

impl Clocks {
    /// Returns the jump of the system's clock since the last call, if there was one.
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
