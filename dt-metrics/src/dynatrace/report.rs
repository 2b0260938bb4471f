//! What is said in the logs: a fault once, its end once.

use std::time::{Duration, Instant};

use super::outcome::Outcome;

/// Refused lines are named this often at most: a program that writes one writes it every cycle.
const PARTIAL_INTERVAL: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Reporter {
    failing: Option<(&'static str, u16)>,
    partial: Option<Instant>,
}

/// How loud to be.
#[derive(Debug, Eq, PartialEq)]
enum Level {
    Warn,
    Info,
    Debug,
}

impl Reporter {
    /// Says what is new about an outcome. To be called without any lock: a program's subscriber
    /// runs in here.
    pub(super) fn report(&mut self, outcome: &Outcome) {
        let level = self.level(outcome, Instant::now());
        match (level, outcome.message()) {
            (Level::Warn, Some(message)) => tracing::warn!(target: "dt_metrics", "{message}"),
            (Level::Info, _) => tracing::info!(target: "dt_metrics", "lines are accepted again"),
            (_, Some(message)) => tracing::debug!(target: "dt_metrics", "{message}"),
            (_, None) => tracing::trace!(target: "dt_metrics", "lines were accepted"),
        }
    }

    fn level(&mut self, outcome: &Outcome, now: Instant) -> Level {
        match outcome {
            Outcome::Partial { .. } => {
                self.failing = None;
                let recent = self
                    .partial
                    .is_some_and(|last| now.saturating_duration_since(last) < PARTIAL_INTERVAL);
                if recent {
                    return Level::Debug;
                }
                self.partial = Some(now);
                Level::Warn
            }
            Outcome::Accepted if self.failing.take().is_some() => Level::Info,
            Outcome::Accepted => Level::Debug,
            _ if self.failing.replace(outcome.kind()) == Some(outcome.kind()) => Level::Debug,
            _ => Level::Warn,
        }
    }
}

#[cfg(test)]
mod tests;
