//! The history of a series at three resolutions, for charts.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::protocol::{Payload, limits};

/// Maximum number of points of each resolution. A power of two wastes no memory, since vectors
/// double their capacity.
const POINTS: usize = 128;

/// The width of a step in time.
///
/// Only steps with data have a point, so with one push every ten seconds the finest resolution
/// covers twenty minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// Covers at least two minutes.
    Second,
    /// Covers at least an hour.
    HalfMinute,
    /// Covers at least a day.
    TwelveMinutes,
}

impl Resolution {
    const ALL: [Self; 3] = [Self::Second, Self::HalfMinute, Self::TwelveMinutes];

    /// Number of the step since 1970 that a time is in.
    fn step(self, at: SystemTime) -> u32 {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let step = since.as_secs() / u64::from(self.seconds());
        u32::try_from(step).unwrap_or(u32::MAX)
    }

    pub(crate) fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::HalfMinute => 30,
            Self::TwelveMinutes => 720,
        }
    }
}

/// The values of a series within one step in time.
///
/// A series has hundreds of points, drawn a few hundred pixels high: single precision suffices,
/// except for sums.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// Number of the step since 1970.
    step: u32,
    /// Number of values; for counts, number of lines.
    pub(crate) count: f32,
    pub(crate) min: f32,
    pub(crate) max: f32,
    pub(crate) sum: f64,
}

impl Point {
    fn new(step: u32, payload: Payload) -> Self {
        // A chart does not need the precision.
        #[allow(clippy::cast_precision_loss)]
        let (count, min, max, sum) = match payload {
            Payload::Gauge { value } => (1.0, value, value, value),
            Payload::Count { delta } => (1.0, delta, delta, delta),
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } => (count as f32, min, max, sum),
        };
        Self {
            step,
            count,
            min: single(min),
            max: single(max),
            sum,
        }
    }

    fn merge(&mut self, other: Self) {
        if other.count == 0.0 {
            return; // An empty summary has no values.
        }
        if self.count == 0.0 {
            *self = other;
            return;
        }
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }

    /// Start of the step, in milliseconds since 1970.
    pub(crate) fn at_ms(self, resolution: Resolution) -> u64 {
        u64::from(self.step) * u64::from(resolution.seconds()) * 1_000
    }
}

/// The newest points of a series at each resolution.
#[derive(Debug, Default)]
pub(crate) struct History {
    seconds: VecDeque<Point>,
    half_minutes: VecDeque<Point>,
    twelve_minutes: VecDeque<Point>,
}

impl History {
    /// Adds a payload that was measured `at` a time, which may be before that of other payloads.
    pub(super) fn add(&mut self, payload: Payload, at: SystemTime, now: SystemTime) {
        // Further in the future are only points from before the clock was set back.
        let end = now.checked_add(limits::FUTURE).unwrap_or(now).max(at);
        for resolution in Resolution::ALL {
            let point = Point::new(resolution.step(at), payload);
            let points = self.points_mut(resolution);
            let end = resolution.step(end);
            while points.back().is_some_and(|newest| newest.step > end) {
                points.pop_back();
            }
            insert(points, point);
        }
    }

    /// The points at a resolution, oldest first.
    pub(crate) fn points(&self, resolution: Resolution) -> &VecDeque<Point> {
        match resolution {
            Resolution::Second => &self.seconds,
            Resolution::HalfMinute => &self.half_minutes,
            Resolution::TwelveMinutes => &self.twelve_minutes,
        }
    }

    fn points_mut(&mut self, resolution: Resolution) -> &mut VecDeque<Point> {
        match resolution {
            Resolution::Second => &mut self.seconds,
            Resolution::HalfMinute => &mut self.half_minutes,
            Resolution::TwelveMinutes => &mut self.twelve_minutes,
        }
    }
}

/// Inserts a point in the order of time; drops the oldest point if there are too many.
fn insert(points: &mut VecDeque<Point>, point: Point) {
    // Mostly at the end.
    let later = points.iter().rev().take_while(|it| it.step > point.step);
    let mut index = points.len() - later.count();
    if let Some(same) = index.checked_sub(1).and_then(|last| points.get_mut(last))
        && same.step == point.step
    {
        return same.merge(point);
    }
    if points.len() >= POINTS {
        if index == 0 {
            return;
        }
        points.pop_front();
        index -= 1;
    }
    points.insert(index, point);
}

/// The nearest finite number in single precision.
fn single(value: f64) -> f32 {
    // After the clamp only precision is lost.
    #[allow(clippy::cast_possible_truncation)]
    let single = value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
    single
}

#[cfg(test)]
mod tests;
