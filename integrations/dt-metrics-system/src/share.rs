//! Utilisation: the share of the available time that was used since the previous value.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Below this, the ticks of the operating system are too coarse for a share.
const LEAST: Duration = Duration::from_millis(100);

/// A total of used time, as it was at the previous value, and the value.
#[derive(Debug)]
pub(crate) struct Share(Mutex<Option<Previous>>);

#[derive(Debug)]
struct Previous {
    at: Instant,
    /// In seconds.
    used: f64,
    share: Option<f64>,
}

impl Share {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The share that was used since the previous call, from 0 to 1, of the time of so many
    /// processors or workers. `used` is the total in seconds.
    ///
    /// The first call has no value. A call shortly after another returns that one's value.
    pub(crate) fn since_previous(&self, at: Instant, used: f64, of: usize) -> Option<f64> {
        let mut previous = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let share = match &*previous {
            None => None,
            Some(previous) => {
                let elapsed = at.saturating_duration_since(previous.at);
                if elapsed < LEAST {
                    return previous.share;
                }
                // Up to 2^52 processors.
                #[allow(clippy::cast_precision_loss)]
                let available = elapsed.as_secs_f64() * of.max(1) as f64;
                Some(((used - previous.used) / available).clamp(0.0, 1.0))
            }
        };
        *previous = Some(Previous { at, used, share });
        share
    }
}

#[cfg(test)]
mod tests;
