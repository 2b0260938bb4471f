//! The schedule of pushes: one each interval, from a random moment within the first interval on.
//!
//! The SDK's `PeriodicReader` counts its interval from the start of the program, so a fleet that is restarted
//! at the same time would push at the same time ever after. Its timer cannot be moved, so the pipeline has
//! readers of its own.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The first push does not come before this part of the interval: it would carry little.
const EARLIEST: f64 = 0.1;

/// When the next push is due.
#[derive(Debug)]
pub(super) struct Schedule {
    /// When the previous push was due.
    since: Instant,
    /// The time from then to the next push.
    step: Duration,
    interval: Duration,
}

impl Schedule {
    /// Pushes at the interval.
    pub(super) fn new(interval: Duration) -> Self {
        Self::beginning(interval, interval, Instant::now())
    }

    /// Pushes at the interval, from a random moment within the first interval on.
    pub(super) fn spread(interval: Duration) -> Self {
        let first = first_pause(interval, fraction());
        Self::beginning(first, interval, Instant::now())
    }

    fn beginning(first: Duration, interval: Duration, now: Instant) -> Self {
        Self {
            since: now,
            step: first,
            interval,
        }
    }

    /// The time until the next push.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.since);
        self.step.saturating_sub(passed)
    }

    /// The push that was due is over now. Missed pushes are not made up.
    pub(super) fn pushed(&mut self, now: Instant) {
        self.since = self.since.checked_add(self.step).unwrap_or(now);
        self.step = self.interval;
        if self.pause(now).is_zero() {
            self.since = now;
        }
    }
}

/// The pause before the first push. `fraction` is between 0 and 1.
fn first_pause(interval: Duration, fraction: f64) -> Duration {
    interval.mul_f64(EARLIEST + (1.0 - EARLIEST) * fraction)
}

/// A random number between 0 and 1. The standard library seeds its hash maps from the system.
fn fraction() -> f64 {
    let random = RandomState::new().hash_one(0_u64);
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
