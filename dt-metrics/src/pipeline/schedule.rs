//! When to push: at the interval, from a random moment within the first one on.
//!
//! The SDK's reader counts its interval from the start of the program, so that a fleet that is
//! restarted at once would push at once, ever after. Its timer cannot be moved, but a flush makes
//! it collect at any time.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::metrics::SdkMeterProvider;

/// For a reader whose own timer is not to be heard of.
pub(super) const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The first push does not come before this part of the interval: there would be little in it.
const EARLIEST: f64 = 0.1;

/// The longest that a collection waits, so that not all processes send at one moment.
const MAX_SPREAD: Duration = Duration::from_secs(10);

/// Makes a provider push; stops when dropped.
#[derive(Debug)]
pub(super) struct Pacer {
    _running: mpsc::Sender<()>,
}

impl Pacer {
    /// Flushes all readers of `provider` at the interval.
    pub(super) fn start(provider: SdkMeterProvider, interval: Duration) -> io::Result<Self> {
        let (running, stopped) = mpsc::channel();
        let mut pause = first_pause(interval, fraction());
        thread::Builder::new()
            .name("dt-metrics-push".to_owned())
            .spawn(move || {
                let _suppressed = Context::enter_telemetry_suppressed_scope();
                let mut last = Instant::now();
                while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                    let due = last.checked_add(pause).unwrap_or_else(Instant::now);
                    // What cannot be collected is said by whoever failed; what cannot be
                    // delivered, by the exporter.
                    drop(provider.force_flush());
                    last = due;
                    pause = interval.saturating_sub(due.elapsed());
                    if pause.is_zero() {
                        // It took longer than an interval. Those that were missed are not made up.
                        last = Instant::now();
                        pause = interval;
                    }
                }
            })?;
        Ok(Self { _running: running })
    }
}

/// How long to wait for the first push. `fraction` is between 0 and 1.
fn first_pause(interval: Duration, fraction: f64) -> Duration {
    interval.mul_f64(EARLIEST + (1.0 - EARLIEST) * fraction)
}

/// How long after a collection to send, where the SDK's timer decides when to collect: a moment
/// within the interval, but no data point should be late for it.
pub(super) fn spread(interval: Duration) -> Duration {
    interval.min(MAX_SPREAD).mul_f64(fraction())
}

/// A random number between 0 and 1: the keys that the standard library's hash maps are seeded with
/// come from the system.
fn fraction() -> f64 {
    let random = RandomState::new().hash_one(0_u64);
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
