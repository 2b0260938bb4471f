//! When to try again. Independent of HTTP.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

/// The longest pause that a server can request.
const MAX_ASKED: Duration = Duration::from_secs(300);

/// How soon trying again can help.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pace {
    /// The fault may pass by itself, and an attempt costs almost nothing: nothing listens on this
    /// host.
    Local,
    /// The fault may pass by itself.
    Fast,
    /// Somebody has to do something.
    Slow,
}

impl Pace {
    /// Pauses that double up to a bound. Each is lengthened at random by up to as much again, so
    /// that many processes that lost one server do not come back to it at the same moment.
    fn pauses(self) -> ExponentialBackoff {
        let (first, longest) = match self {
            Self::Local => (Duration::from_millis(250), Duration::from_millis(2_500)),
            Self::Fast => (Duration::from_millis(250), Duration::from_secs(15)),
            Self::Slow => (Duration::from_secs(15), Duration::from_secs(150)),
        };
        ExponentialBuilder::new()
            .with_min_delay(first)
            .with_max_delay(longest)
            .with_jitter()
            .without_max_times()
            .build()
    }

    /// No pause is longer, except a pause that a server requires.
    fn longest(self) -> Duration {
        match self {
            Self::Local => Duration::from_secs(5),
            Self::Fast => Duration::from_secs(30),
            Self::Slow => Duration::from_secs(300),
        }
    }
}

/// The pauses between attempts that fail.
#[derive(Debug)]
pub(crate) struct Backoff {
    pace: Pace,
    pauses: ExponentialBackoff,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self::at(Pace::Fast)
    }

    fn at(pace: Pace) -> Self {
        Self {
            pace,
            pauses: pace.pauses(),
        }
    }

    /// After a success: the next failure is the first one.
    pub(crate) fn reset(&mut self) {
        *self = Self::at(self.pace);
    }

    /// The pause after one more failure, at least as long as the server requested (but never longer
    /// than five minutes).
    pub(crate) fn next(&mut self, pace: Pace, asked: Option<Duration>) -> Duration {
        if pace != self.pace {
            *self = Self::at(pace);
        }
        let pause = self.pauses.next().unwrap_or(pace.longest());
        asked.map_or(pause, |asked| asked.min(MAX_ASKED).max(pause))
    }
}

#[cfg(test)]
mod tests;
