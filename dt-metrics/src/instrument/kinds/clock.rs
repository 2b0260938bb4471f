//! The clock of timers and stopwatches.
#![allow(
    clippy::inline_always,
    reason = "debug builds, in which tests run, call all other functions"
)]

use std::sync::OnceLock;

use quanta::Clock;

use crate::process::monotonic_nanoseconds;

/// The processor's own counter, once its frequency is known.
static COUNTER: OnceLock<Clock> = OnceLock::new();

/// Measures the frequency of the processor's counter, which takes some milliseconds. If the counter
/// cannot be trusted, the operating system's clock stays in use.
#[cfg(feature = "dynatrace")]
pub(crate) fn calibrate() {
    COUNTER.get_or_init(Clock::new);
}

/// A point in time: the value of the processor's counter or, with the bit [`SYSTEM`], of the
/// operating system's clock. One word, since each running call keeps it.
#[derive(Clone, Copy)]
pub(super) struct Start(u64);

/// Distinguishes the clocks. The counter would need a century to reach this bit.
const SYSTEM: u64 = 1 << 63;

/// The current time.
#[inline(always)]
pub(super) fn start() -> Start {
    match COUNTER.get() {
        Some(clock) => Start(counter(clock)),
        None => Start(SYSTEM | system()),
    }
}

#[inline(always)]
fn counter(clock: &Clock) -> u64 {
    clock.raw() & !SYSTEM
}

/// The operating system's clock in nanoseconds. A century fits below the mask, under which the bits of a
/// start are never all ones.
#[inline(always)]
fn system() -> u64 {
    monotonic_nanoseconds() & (SYSTEM / 2 - 1)
}

impl Start {
    /// The nanoseconds since then.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "104 days are exact")]
    pub(super) fn elapsed(self) -> f64 {
        let elapsed = if self.0 & SYSTEM == 0 {
            COUNTER
                .get()
                .map_or(0, |clock| clock.delta_as_nanos(self.0, counter(clock)))
        } else {
            system().saturating_sub(self.0 & !SYSTEM)
        };
        elapsed as f64
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

    /// The stopwatch as a number, which is smaller than `u64::MAX - 1`.
    #[inline]
    pub(crate) const fn to_bits(self) -> u64 {
        self.0.0
    }

    /// The stopwatch with these [bits](Self::to_bits).
    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(Start(bits))
    }

    /// The time since the start, in units of `nanoseconds`.
    #[inline]
    #[must_use]
    pub fn elapsed(self, nanoseconds: f64) -> f64 {
        self.0.elapsed() / nanoseconds
    }
}
