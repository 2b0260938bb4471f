//! Throttles repeated messages: allows a key again only after an interval.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Remembers when each key was allowed last, for a bounded number of keys.
#[derive(Debug)]
pub(crate) struct Throttle<K> {
    interval: Duration,
    max_keys: usize,
    last: HashMap<K, Instant>,
}

impl<K: Eq + Hash> Throttle<K> {
    pub(crate) fn new(interval: Duration, max_keys: usize) -> Self {
        Self {
            interval,
            max_keys,
            last: HashMap::new(),
        }
    }

    /// Whether `key` was not allowed for the interval: at most one call in each interval returns
    /// `true`. While `max_keys` other keys are remembered, new keys are not allowed.
    pub(crate) fn allows<Q>(&mut self, key: &Q, now: Instant) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.check(key, now, false)
    }

    /// Whether there was no call with `key` for the interval: a key that keeps coming back is
    /// allowed only the first time. While `max_keys` other keys are remembered, new keys are not
    /// allowed.
    pub(crate) fn allows_after_silence<Q>(&mut self, key: &Q, now: Instant) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.check(key, now, true)
    }

    fn check<Q>(&mut self, key: &Q, now: Instant, each_call_counts: bool) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let interval = self.interval;
        let is_over = |last: &Instant| now.saturating_duration_since(*last) >= interval;
        if let Some(last) = self.last.get_mut(key) {
            let allowed = is_over(last);
            if allowed || each_call_counts {
                *last = now;
            }
            return allowed;
        }
        if self.last.len() >= self.max_keys {
            self.last.retain(|_, last| !is_over(last));
        }
        let has_room = self.last.len() < self.max_keys;
        if has_room {
            self.last.insert(key.to_owned(), now);
        }
        has_room
    }
}

#[cfg(test)]
mod tests;
