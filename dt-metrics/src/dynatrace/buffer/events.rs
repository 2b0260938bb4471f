//! Events that were not reported yet. Events of the same kind add up while they wait.

use std::time::Duration;

use tokio::time::Instant;

use crate::dynatrace::event::DeliveryEvent;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::Jump;

/// How many metrics are named at a time; points of further ones are reported without a name.
const MAX_METRICS: usize = 20;

/// An event to log and, if it is one for the program, to report to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    Delivery(DeliveryEvent),
    /// The system's clock jumped.
    ClockJumped(Jump),
    /// The endpoint does not take data points of this many series, but takes others.
    DeadLetters(u64),
}

/// Events of different topics do not wait for each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Topic {
    /// Points of a metric that were dropped.
    Metric,
    Spool,
    Overflow,
    Saturated,
    ServerWarnings,
    /// Everything else.
    Delivery,
}

impl Topic {
    const COUNT: usize = 6;

    fn index(self) -> usize {
        self as usize
    }
}

impl Event {
    fn topic(&self) -> Topic {
        match self {
            Self::Delivery(DeliveryEvent::PointsDropped {
                metric: Some(_), ..
            }) => Topic::Metric,
            Self::Delivery(DeliveryEvent::SpoolFailing { .. }) => Topic::Spool,
            Self::Delivery(DeliveryEvent::SeriesMerged { .. }) => Topic::Overflow,
            Self::Delivery(DeliveryEvent::SumSaturated { .. }) => Topic::Saturated,
            Self::Delivery(DeliveryEvent::ServerWarnings { .. }) => Topic::ServerWarnings,
            _ => Topic::Delivery,
        }
    }

    /// Takes another event into this one; `false` if they are of different kinds.
    fn merge(&mut self, other: &Self) -> bool {
        use DeliveryEvent::{
            PointsDropped, PointsRejected, SeriesMerged, ServerWarnings, SumSaturated,
        };
        match (&mut *self, other) {
            (Self::ClockJumped(jump), Self::ClockJumped(later)) => *jump = *later,
            (Self::DeadLetters(series), Self::DeadLetters(more)) => *series += more,
            (
                Self::Delivery(PointsRejected { points, reason }),
                Self::Delivery(PointsRejected {
                    points: more,
                    reason: later,
                }),
            ) => {
                *points += more;
                reason.clone_from(later);
            }
            (
                Self::Delivery(PointsDropped {
                    points,
                    metric,
                    reason,
                }),
                Self::Delivery(PointsDropped {
                    points: more,
                    metric: other_metric,
                    reason: other_reason,
                }),
            ) if metric == other_metric && reason == other_reason => *points += more,
            (
                Self::Delivery(SeriesMerged { points, metric }),
                Self::Delivery(SeriesMerged {
                    points: more,
                    metric: other_metric,
                }),
            )
            | (
                Self::Delivery(SumSaturated { points, metric }),
                Self::Delivery(SumSaturated {
                    points: more,
                    metric: other_metric,
                }),
            ) if metric == other_metric => *points += more,
            (
                Self::Delivery(ServerWarnings { warnings, reason }),
                Self::Delivery(ServerWarnings {
                    warnings: more,
                    reason: later,
                }),
            ) => {
                *warnings = warnings.saturating_add(*more);
                reason.clone_from(later);
            }
            (this, other) => return this == other,
        }
        true
    }
}

/// Everything that was not reported yet.
#[derive(Debug, Default)]
pub(crate) struct PendingEvents {
    events: Vec<Event>,
    /// Until when events of each topic wait, since others of that topic were reported.
    quiet_until: [Option<Instant>; Topic::COUNT],
}

impl PendingEvents {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(crate) fn add(&mut self, event: Event) {
        if !self.events.iter_mut().any(|other| other.merge(&event)) {
            self.events.push(event);
        }
    }

    /// Points of this metric, or of a request, were dropped.
    pub(crate) fn dropped(&mut self, reason: DropReason, metric: Option<&str>, points: u64) {
        if points == 0 {
            return;
        }
        let has_room = self.has_room(Topic::Metric);
        self.add(Event::Delivery(DeliveryEvent::PointsDropped {
            points,
            metric: metric.filter(|_| has_room).map(str::to_owned),
            reason,
        }));
    }

    /// Data points of this metric are in its overflow series.
    pub(crate) fn merged(&mut self, metric: &str, points: u64) {
        let has_room = self.has_room(Topic::Overflow);
        self.add(Event::Delivery(DeliveryEvent::SeriesMerged {
            points,
            metric: has_room.then(|| metric.to_owned()),
        }));
    }

    /// The sums of data points of this metric were out of range.
    pub(crate) fn saturated(&mut self, metric: &str, points: u64) {
        let has_room = self.has_room(Topic::Saturated);
        self.add(Event::Delivery(DeliveryEvent::SumSaturated {
            points,
            metric: has_room.then(|| metric.to_owned()),
        }));
    }

    /// Whether another event of this topic may name its metric.
    fn has_room(&self, topic: Topic) -> bool {
        let of_topic = |event: &&Event| event.topic() == topic;
        self.events.iter().filter(of_topic).count() < MAX_METRICS
    }

    /// Takes out the events that are due.
    pub(crate) fn take_due(&mut self, interval: Duration) -> Vec<Event> {
        let now = Instant::now();
        let quiet = self.quiet_until;
        let is_due =
            |event: &mut Event| quiet[event.topic().index()].is_none_or(|until| until <= now);
        let due: Vec<_> = self.events.extract_if(.., is_due).collect();
        for event in &due {
            self.quiet_until[event.topic().index()] = Some(now + interval);
        }
        due
    }

    /// Takes out everything.
    pub(crate) fn take_all(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// When something will be due, if nothing else happens until then.
    pub(crate) fn due(&self) -> Option<Instant> {
        let waiting = self.events.iter();
        waiting
            .filter_map(|event| self.quiet_until[event.topic().index()])
            .min()
    }
}
