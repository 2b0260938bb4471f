//! Logs and events about deliveries: a fault once, its end once, losses at a limited rate. The sender
//! reports an attempt at once. Events under the buffer's lock are kept in `PendingEvents`, and
//! [`report_events`] reports them.

use std::time::Duration;

use tokio::time::Instant;

use crate::duration::shown;
use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::buffer::events::Event;
use crate::dynatrace::event::{DeliveryEvent, EventListener};
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::Jump;
use crate::dynatrace::retry::outcome::Outcome;
use crate::throttle::Throttle;

/// Nothing is reported more often: a program that writes a bad line writes it in every collection.
const INTERVAL: Duration = Duration::from_secs(60);

/// More kinds of failures than there are.
const MAX_KINDS: usize = 1_000;

/// Reports attempts.
#[derive(Debug)]
pub(crate) struct Reporter {
    listener: EventListener,
    failing: Option<Episode>,
    /// The kinds of failures that were reported lately.
    reported: Throttle<Kind>,
}

type Kind = (&'static str, u16);

/// Failures without a success in between.
#[derive(Debug)]
struct Episode {
    kind: Kind,
    /// Whether any of it was reported.
    is_reported: bool,
}

/// The news about an attempt that is reported.
#[derive(Debug, Eq, PartialEq)]
enum News {
    Failing,
    Recovered,
    Nothing,
}

impl Reporter {
    pub(crate) fn new(listener: EventListener) -> Self {
        Self {
            listener,
            failing: None,
            reported: Throttle::new(INTERVAL, MAX_KINDS),
        }
    }

    /// Reports an outcome if it is news. To be called without any lock: the program's subscriber
    /// and its listener run in here.
    pub(crate) fn report(&mut self, outcome: &Outcome, is_dead_letter: bool) {
        let message = outcome.message();
        // A dead letter is known to fail by itself, so its failure is not evidence about the
        // endpoint.
        let news = if is_dead_letter && outcome.may_be_of_this_request() {
            News::Nothing
        } else {
            self.news(outcome, Instant::now())
        };
        match news {
            News::Failing => {
                let reason = message.unwrap_or_default();
                tracing::warn!(target: "dt_metrics", "{reason}");
                self.listener.notify(&DeliveryEvent::Failing {
                    reason: reason.into(),
                });
                return;
            }
            News::Recovered => {
                tracing::info!(target: "dt_metrics", "metrics are accepted again");
                self.listener.notify(&DeliveryEvent::Recovered);
            }
            News::Nothing => {}
        }
        if let Some(message) = message {
            tracing::debug!(target: "dt_metrics", "{message}");
        } else {
            tracing::trace!(target: "dt_metrics", "metrics were accepted");
        }
    }

    fn news(&mut self, outcome: &Outcome, now: Instant) -> News {
        match outcome {
            Outcome::Accepted | Outcome::Partial { .. } => {
                return match self.failing.take() {
                    Some(Episode {
                        is_reported: true, ..
                    }) => News::Recovered,
                    _ => News::Nothing,
                };
            }
            // The new token was reported when it was found.
            Outcome::Outdated { .. } => return News::Nothing,
            _ => {}
        }
        let kind = outcome.kind();
        let before = self.failing.take().filter(|episode| episode.is_reported);
        let is_known = before.as_ref().is_some_and(|episode| episode.kind == kind);
        let is_news = !is_known && self.reported.allows(&kind, now);
        self.failing = Some(Episode {
            kind,
            is_reported: before.is_some() || is_news,
        });
        if is_news {
            News::Failing
        } else {
            News::Nothing
        }
    }
}

/// Reports events until the exporter stops: the first event of a topic at once, later events of the
/// same topic at the end of each interval.
pub(crate) async fn report_events(buffer: &Buffer, listener: &EventListener) {
    while let Some(events) = buffer.events(INTERVAL).await {
        report(&events, listener);
    }
}

/// Reports events in the log, then to the program.
pub(crate) fn report(events: &[Event], listener: &EventListener) {
    for event in events {
        log(event);
        if let Event::Delivery(event) = event {
            listener.notify(event);
        }
    }
}

fn log(event: &Event) {
    match event {
        Event::ClockJumped(jump) => {
            let (distance, direction) = match jump {
                Jump::Forward(distance) => (distance, "forward"),
                Jump::Backward(distance) => (distance, "backward"),
            };
            tracing::warn!(
                target: "dt_metrics",
                "the system's clock jumped {direction} by {}; lines keep the time of their \
                 collection, and Dynatrace rejects lines that are an hour old or ten minutes ahead",
                shown(*distance)
            );
        }
        Event::DeadLetters(series) => tracing::warn!(
            target: "dt_metrics",
            series,
            "requests with these series keep failing while others succeed; they are retried \
             are retried separately"
        ),
        Event::Delivery(DeliveryEvent::PointsRejected { points, reason }) => {
            tracing::warn!(target: "dt_metrics", points, "{reason}");
        }
        Event::Delivery(DeliveryEvent::ServerWarnings { warnings, reason }) => {
            tracing::warn!(target: "dt_metrics", warnings, "{reason}");
        }
        // A shutdown logs its losses itself, with the endpoint.
        Event::Delivery(DeliveryEvent::PointsDropped {
            points,
            metric: None,
            reason,
        }) if *reason != DropReason::Shutdown => tracing::warn!(
            target: "dt_metrics",
            points,
            reason = reason.as_str(),
            "data points were dropped: {}",
            reason.explain()
        ),
        // Logged when it happened.
        Event::Delivery(_) => {}
    }
}

#[cfg(test)]
mod tests;
