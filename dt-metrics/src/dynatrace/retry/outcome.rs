//! Outcomes of an attempt to send a request, and the action that follows.

use std::time::Duration;

use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::retry::backoff::Pace;

/// One attempt to send a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) outcome: Outcome,
    pub(crate) warnings: Option<ServerWarnings>,
}

impl From<Outcome> for Attempt {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            warnings: None,
        }
    }
}

/// The warnings of an endpoint about data points that it accepted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServerWarnings {
    /// Never more than the parts of the request.
    pub(crate) count: u64,
    /// Contains no secrets.
    pub(crate) message: String,
}

/// The outcome of one attempt. The messages contain no secrets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// All data points were accepted.
    Accepted,
    /// Some lines were rejected; the other lines were accepted, so nothing may be sent again.
    Partial {
        rejected_points: u64,
        /// Data points and lines of metadata.
        rejected_lines: u64,
        message: String,
    },
    /// 401 or 403: the token is missing, wrong, or lacks a permission.
    Unauthorized { status: u16, message: String },
    /// 401 or 403, but the host has another token by now.
    Outdated { status: u16, message: String },
    /// 413.
    TooLarge { message: String },
    /// 429.
    Throttled {
        retry_after: Option<Duration>,
        message: String,
    },
    /// The server cannot answer now: 5xx, 408.
    Unavailable {
        status: u16,
        retry_after: Option<Duration>,
        message: String,
    },
    /// Something answered that is not an ingest endpoint: a redirect, a web page, 404.
    Misdirected { status: u16, message: String },
    /// Rejected as a whole, for good.
    Rejected { status: u16, message: String },
    /// There was no answer.
    Failed { failure: Failure, message: String },
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// Nothing listens there, on this host or on another.
    NobodyListens { here: bool },
    /// No connection for another reason: name, route, TLS.
    Connect,
    /// Nothing to connect with: this host lacks something.
    Unprepared,
    /// Connected, then a timeout or a reset: the request may have been accepted.
    Ambiguous,
}

/// The action that follows from an outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    /// It was answered: this many data points were rejected, all others accepted.
    Finish { rejected: u64 },
    /// Send it again at once: the cause of the failure was corrected.
    Resend,
    /// Send it again later. No other request would fare better.
    Retry { pace: Pace, after: Option<Duration> },
    /// Find out whether it fails by itself or the endpoint fails: see
    /// [`bisection`](crate::dynatrace::retry::bisection).
    Bisect { pace: Pace, after: Option<Duration> },
    /// Send its halves; a single line that is too large goes the way of
    /// [`bisection`](crate::dynatrace::retry::bisection).
    Split { pace: Pace },
    /// Do not send it again; with a pace, pause before the next request.
    Drop {
        reason: DropReason,
        pause: Option<Pace>,
    },
}

impl Outcome {
    pub(crate) fn action(&self, guarantee: DeliveryGuarantee) -> Action {
        use Action::{Bisect, Drop, Finish, Resend, Retry, Split};
        let (pace, after) = (self.pace(), self.retry_after());
        match self {
            Self::Accepted => Finish { rejected: 0 },
            Self::Partial {
                rejected_points, ..
            } => Finish {
                rejected: *rejected_points,
            },
            Self::Outdated { .. } => Resend,
            Self::TooLarge { .. } => Split { pace },
            Self::Rejected { .. } => Drop {
                reason: DropReason::RequestRejected,
                pause: None,
            },
            Self::Failed {
                failure: Failure::Ambiguous,
                ..
            } if guarantee == DeliveryGuarantee::AtMostOnce => Drop {
                reason: DropReason::Ambiguous,
                pause: Some(pace),
            },
            _ if self.may_be_of_this_request() => Bisect { pace, after },
            _ => Retry { pace, after },
        }
    }

    /// How soon trying again can help.
    fn pace(&self) -> Pace {
        match self {
            Self::Unauthorized { .. }
            | Self::Misdirected { .. }
            | Self::Failed {
                failure: Failure::Unprepared,
                ..
            } => Pace::Slow,
            Self::Failed {
                failure: Failure::NobodyListens { here: true },
                ..
            } => Pace::Local,
            _ => Pace::Fast,
        }
    }

    /// The pause that the server requested.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// Whether another request may be accepted meanwhile: an endpoint, or a firewall in front of
    /// it, may stumble over something in this one.
    pub(crate) fn may_be_of_this_request(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized { status: 403, .. }
                | Self::Misdirected { .. }
                | Self::Throttled { .. }
                | Self::Unavailable { .. }
                | Self::Failed {
                    failure: Failure::Ambiguous,
                    ..
                }
        )
    }

    /// The failure, if there was one.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Accepted => None,
            Self::Partial { message, .. }
            | Self::Unauthorized { message, .. }
            | Self::Outdated { message, .. }
            | Self::TooLarge { message }
            | Self::Throttled { message, .. }
            | Self::Unavailable { message, .. }
            | Self::Misdirected { message, .. }
            | Self::Rejected { message, .. }
            | Self::Failed { message, .. } => Some(message),
        }
    }

    /// Equal for failures that are the same to a reader of logs.
    pub(crate) fn kind(&self) -> (&'static str, u16) {
        match self {
            Self::Accepted => ("accepted", 202),
            Self::Partial { .. } => ("partial", 400),
            Self::Unauthorized { status, .. } => ("unauthorized", *status),
            Self::Outdated { status, .. } => ("outdated", *status),
            Self::TooLarge { .. } => ("too_large", 413),
            Self::Throttled { .. } => ("throttled", 429),
            Self::Unavailable { status, .. } => ("unavailable", *status),
            Self::Misdirected { status, .. } => ("misdirected", *status),
            Self::Rejected { status, .. } => ("rejected", *status),
            Self::Failed { failure, .. } => match failure {
                Failure::NobodyListens { .. } => ("refused", 0),
                Failure::Connect => ("connect", 0),
                Failure::Unprepared => ("unprepared", 0),
                Failure::Ambiguous => ("no_answer", 0),
            },
        }
    }
}
