//! The clock of timers and stopwatches.

use std::sync::OnceLock;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use std::time::Instant;

use quanta::Clock;
// The standard library has no clock there, and panics.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use web_time::Instant;

/// The processor's own counter, once its frequency is known.
static COUNTER: OnceLock<Clock> = OnceLock::new();

/// Measures the frequency of the processor's counter, which takes some milliseconds. If the counter
/// cannot be trusted, the operating system's clock stays in use.
#[cfg(feature = "dynatrace")]
pub(crate) fn calibrate() {
    COUNTER.get_or_init(Clock::new);
}

/// A point in time.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// A value of the processor's counter.
    Counter(u64),
    /// A value of the operating system's clock.
    System(Instant),
}

/// The current time.
#[inline]
pub(super) fn start() -> Start {
    match COUNTER.get() {
        Some(clock) => Start::Counter(clock.raw()),
        None => Start::System(Instant::now()),
    }
}

impl Start {
    /// The nanoseconds since then.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "104 days are exact")]
    pub(super) fn elapsed(self) -> f64 {
        match self {
            Self::System(start) => {
                let elapsed = start.elapsed();
                // Quicker than by a number of 128 bits.
                elapsed.as_secs() as f64 * 1e9 + f64::from(elapsed.subsec_nanos())
            }
            Self::Counter(start) => match COUNTER.get() {
                Some(clock) => clock.delta_as_nanos(start, clock.raw()) as f64,
                None => 0.0,
            },
        }
    }
}

/// Measures the time since it was started.
#[derive(Clone, Copy)]
pub struct Stopwatch(Start);

impl Stopwatch {
    /// Starts it now.
    #[inline]
    #[must_use]
    pub fn start() -> Self {
        Self(start())
    }

    /// The time since the start, in units of `nanoseconds`.
    #[inline]
    #[must_use]
    pub fn elapsed(self, nanoseconds: f64) -> f64 {
        self.0.elapsed() / nanoseconds
    }
}
