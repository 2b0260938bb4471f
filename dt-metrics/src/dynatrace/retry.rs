//! When to try again. Knows nothing of HTTP.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The longest pause that a server can ask for.
const MAX_ASKED: Duration = Duration::from_secs(300);

/// How soon trying again can help.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pace {
    /// The fault may pass by itself.
    Fast,
    /// Somebody has to do something.
    Slow,
}

impl Pace {
    fn first(self) -> Duration {
        match self {
            Self::Fast => Duration::from_millis(500),
            Self::Slow => Duration::from_secs(30),
        }
    }

    fn longest(self) -> Duration {
        match self {
            Self::Fast => Duration::from_secs(30),
            Self::Slow => Duration::from_secs(300),
        }
    }
}

/// Pauses that double up to a bound, each shortened at random by up to a half, so that many
/// processes that lost one server do not come back to it at the same moment.
#[derive(Debug)]
pub(super) struct Backoff {
    pace: Pace,
    failures: u32,
    random: u64,
}

impl Backoff {
    pub(super) fn new() -> Self {
        // The keys that the standard library's hash maps are seeded with.
        Self::seeded(RandomState::new().hash_one(0_u64))
    }

    fn seeded(random: u64) -> Self {
        Self {
            pace: Pace::Fast,
            failures: 0,
            random,
        }
    }

    /// After a success: the next failure is the first one.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure, at least as long as the server asked for (but never
    /// longer than five minutes).
    pub(super) fn next(&mut self, pace: Pace, asked: Option<Duration>) -> Duration {
        if pace != self.pace {
            self.pace = pace;
            self.failures = 0;
        }
        let full = pace
            .first()
            .saturating_mul(1 << self.failures.min(20))
            .min(pace.longest());
        self.failures = self.failures.saturating_add(1);
        let pause = full.mul_f64(1.0 - self.fraction() / 2.0);
        asked.map_or(pause, |asked| asked.min(MAX_ASKED).max(pause))
    }

    /// Between 0 and 1, by `SplitMix64`.
    fn fraction(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let top = u32::try_from((bits ^ (bits >> 31)) >> 32).unwrap_or(0);
        f64::from(top) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
