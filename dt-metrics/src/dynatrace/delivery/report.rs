//! What is said in the logs and told to the program: a fault once, its end once, losses at a
//! limited rate.

use crate::dynatrace::buffer::Shared;
use crate::dynatrace::buffer::events::{LineNews, News, Quiet};
use crate::dynatrace::event::{DeliveryEvent, EventListener};
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::Jump;
use crate::dynatrace::retry::outcome::Outcome;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The same is not said more often: a program that writes a bad line writes it every cycle.
const INTERVAL: Duration = Duration::from_secs(60);

/// Tells about attempts.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    listener: EventListener,
    failing: Option<Episode>,
    /// When each kind of failure was last told.
    told: BTreeMap<Kind, Instant>,
}

type Kind = (&'static str, u16);

/// Failures without a success between.
#[derive(Debug)]
struct Episode {
    kind: Kind,
    /// Whether any of it was told.
    told: bool,
}

/// What there is to say about an attempt.
#[derive(Debug, Eq, PartialEq)]
enum Telling {
    Failing,
    Recovered,
    Nothing,
}

impl Reporter {
    pub(crate) fn new(listener: EventListener) -> Self {
        Self {
            listener,
            ..Self::default()
        }
    }

    /// The same for a request that is known to fail by itself: a failure says nothing about the
    /// endpoint.
    pub(crate) fn report_aside(&mut self, outcome: &Outcome) {
        match outcome.message().filter(|_| outcome.may_be_of_this_one()) {
            Some(message) => tracing::debug!(target: "dt_metrics", "{message}"),
            None => self.report(outcome),
        }
    }

    /// Says what is new about an outcome. To be called without any lock: the program's subscriber
    /// and its listener run in here.
    pub(crate) fn report(&mut self, outcome: &Outcome) {
        let message = outcome.message();
        match self.telling(outcome, Instant::now()) {
            Telling::Failing => {
                let reason = message.unwrap_or_default();
                tracing::warn!(target: "dt_metrics", "{reason}");
                self.listener.notify(&DeliveryEvent::Failing {
                    reason: reason.into(),
                });
                return;
            }
            Telling::Recovered => {
                tracing::info!(target: "dt_metrics", "metrics are accepted again");
                self.listener.notify(&DeliveryEvent::Recovered);
            }
            Telling::Nothing => {}
        }
        if let Some(message) = message {
            tracing::debug!(target: "dt_metrics", "{message}");
        } else {
            tracing::trace!(target: "dt_metrics", "metrics were accepted");
        }
    }

    fn telling(&mut self, outcome: &Outcome, now: Instant) -> Telling {
        if matches!(outcome, Outcome::Accepted | Outcome::Partial { .. }) {
            return match self.failing.take() {
                Some(Episode { told: true, .. }) => Telling::Recovered,
                _ => Telling::Nothing,
            };
        }
        // That another token is used was said when it was found.
        if matches!(outcome, Outcome::Outdated { .. }) {
            return Telling::Nothing;
        }
        let kind = outcome.kind();
        let before = self.failing.take();
        let told_any = before.as_ref().is_some_and(|episode| episode.told);
        let is_told = before.is_some_and(|episode| episode.told && episode.kind == kind);
        let is_recent = self
            .told
            .get(&kind)
            .is_some_and(|last| now.saturating_duration_since(*last) < INTERVAL);
        let tell = !is_told && !is_recent;
        if tell {
            self.told.insert(kind, now);
        }
        self.failing = Some(Episode {
            kind,
            told: told_any || tell,
        });
        if tell {
            Telling::Failing
        } else {
            Telling::Nothing
        }
    }
}

/// Tells what becomes of lines and points, until the exporter stops: what happens first at once,
/// what follows of the same sort at the end of each interval.
pub(crate) async fn announce(shared: &Shared, listener: &EventListener) {
    let mut quiet = Quiet::default();
    while let Some(news) = shared.news(&mut quiet, INTERVAL).await {
        tell(&news, listener);
    }
}

/// Says it in the logs, then to the program.
pub(crate) fn tell(news: &News, listener: &EventListener) {
    tell_of_lines(&news.lines, listener);
    // What follows was said in the logs when it was found.
    for (&(reason, ref metric), &points) in &news.points {
        listener.notify(&DeliveryEvent::PointsDropped {
            points,
            metric: metric.clone(),
            reason,
        });
    }
    for reason in &news.spool {
        listener.notify(&DeliveryEvent::SpoolFailing {
            reason: reason.clone(),
        });
    }
}

fn tell_of_lines(news: &LineNews, listener: &EventListener) {
    if let Some(jump) = news.jump {
        let (distance, direction) = match jump {
            Jump::Forward(distance) => (distance, "forward"),
            Jump::Backward(distance) => (distance, "backward"),
        };
        tracing::warn!(
            target: "dt_metrics",
            "the system's clock jumped {direction} by {distance:?}; lines keep the time at which \
             they were collected, and Dynatrace refuses those that are an hour old or ten minutes \
             ahead"
        );
    }
    if news.set_aside > 0 {
        tracing::warn!(
            target: "dt_metrics",
            requests = news.set_aside,
            "the endpoint does not take these requests, but takes others; they are tried again \
             apart, and the others do not wait for them"
        );
    }
    if news.refused > 0 {
        tracing::warn!(target: "dt_metrics", lines = news.refused, "{}", news.refusal);
        listener.notify(&DeliveryEvent::PointsRejected {
            points: news.refused,
            reason: news.refusal.clone(),
        });
    }
    for (&reason, &lines) in &news.lost {
        // Who shut down says it, with the endpoint.
        if reason != DropReason::Shutdown {
            tracing::warn!(
                target: "dt_metrics",
                points = lines,
                reason = reason.as_str(),
                "data points were dropped: {}",
                reason.explain()
            );
        }
        listener.notify(&DeliveryEvent::PointsDropped {
            points: lines,
            metric: None,
            reason,
        });
    }
}

#[cfg(test)]
mod tests;
