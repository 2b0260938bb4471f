//! The time that something takes.

use std::sync::OnceLock;
use std::time::Instant;

use quanta::Clock;

/// The processor's own counter, once it is known how fast it runs.
static COUNTER: OnceLock<Clock> = OnceLock::new();

/// Finds out how fast the processor's counter runs, which takes some milliseconds; where it
/// cannot be trusted, the operating system's clock is used as before.
#[cfg(feature = "dynatrace")]
pub(crate) fn calibrate() {
    COUNTER.get_or_init(Clock::new);
}

/// A point in time.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// Of the processor's counter.
    Counter(u64),
    /// Of the operating system's clock.
    System(Instant),
}

/// Now.
#[inline]
pub(super) fn start() -> Start {
    match COUNTER.get() {
        Some(clock) => Start::Counter(clock.raw()),
        None => Start::System(Instant::now()),
    }
}

impl Start {
    /// Nanoseconds since.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "104 days are exact")]
    pub(super) fn elapsed(self) -> f64 {
        match self {
            Self::System(start) => start.elapsed().as_nanos() as f64,
            Self::Counter(start) => match COUNTER.get() {
                Some(clock) => clock.delta_as_nanos(start, clock.raw()) as f64,
                None => 0.0,
            },
        }
    }
}

/// The time since it was started.
#[derive(Clone, Copy)]
pub struct Stopwatch(Start);

impl Stopwatch {
    /// Now.
    #[inline]
    #[must_use]
    pub fn start() -> Self {
        Self(start())
    }

    /// In units of `nanoseconds`.
    #[inline]
    #[must_use]
    pub fn elapsed(self, nanoseconds: f64) -> f64 {
        self.0.elapsed() / nanoseconds
    }
}
