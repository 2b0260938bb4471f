//! The schedule of pushes: one each interval, from a random moment within the first interval on.
//!
//! The SDK's reader counts its interval from the start of the program, so a fleet that is restarted
//! at the same time would push at the same time ever after. The reader's timer cannot be moved, but
//! a flush makes the reader collect at any time.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::metrics::SdkMeterProvider;

use crate::thread::spawn;

/// The interval of a reader whose own timer must not collect.
pub(super) const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The first push does not come before this part of the interval: it would carry little.
const EARLIEST: f64 = 0.1;

/// The longest that a collection waits before it is sent, so that not all processes send at the same
/// moment.
const MAX_SPREAD: Duration = Duration::from_secs(10);

/// Makes a provider push at the interval; stops when dropped.
#[derive(Debug)]
pub(super) struct PushTimer {
    _running: mpsc::Sender<()>,
}

impl PushTimer {
    /// Flushes all readers of `provider` at the interval.
    pub(super) fn start(provider: SdkMeterProvider, interval: Duration) -> io::Result<Self> {
        let (running, stopped) = mpsc::channel();
        let mut pause = first_pause(interval, fraction());
        // The time from one push to the next.
        let mut step = pause;
        spawn("dt-metrics-push", move || {
            let mut due = Instant::now();
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                due = due.checked_add(step).unwrap_or_else(Instant::now);
                // A failed collection is logged where it failed, and a failed delivery by the
                // exporter.
                drop(provider.force_flush());
                step = interval;
                pause = interval.saturating_sub(due.elapsed());
                if pause.is_zero() {
                    // It took longer than an interval. Missed pushes are not made up.
                    due = Instant::now();
                    pause = interval;
                }
            }
        })?;
        Ok(Self { _running: running })
    }
}

/// The pause before the first push. `fraction` is between 0 and 1.
fn first_pause(interval: Duration, fraction: f64) -> Duration {
    interval.mul_f64(EARLIEST + (1.0 - EARLIEST) * fraction)
}

/// How long after a collection to send, if the SDK's timer decides when to collect: a random moment
/// within the interval, but early enough that no data point is late.
pub(super) fn spread(interval: Duration) -> Duration {
    interval.min(MAX_SPREAD).mul_f64(fraction())
}

/// A random number between 0 and 1. The standard library seeds its hash maps from the system.
fn fraction() -> f64 {
    let random = RandomState::new().hash_one(0_u64);
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
