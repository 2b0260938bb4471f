//! What became of one attempt to send a request, and what follows from it.

use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::retry::backoff::Pace;
use std::time::Duration;

/// What became of one attempt. The messages contain no secrets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// All lines were accepted.
    Accepted,
    /// Some lines were refused; the others were accepted, so nothing may be sent again.
    Partial {
        /// Data points.
        invalid: u64,
        /// Lines of any kind.
        refused: u64,
        message: String,
    },
    /// 401 or 403: the token does not open the door.
    Unauthorized { status: u16, message: String },
    /// The same, but the host has another token by now.
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
    /// Something answered that is no ingest endpoint: a redirect, a web page, 404.
    Misdirected { status: u16, message: String },
    /// Refused as a whole, for good.
    Rejected { status: u16, message: String },
    /// There was no answer.
    Failed { failure: Failure, message: String },
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// Nothing listens there, on this host or on another.
    Refused { here: bool },
    /// No connection for another reason: name, route, TLS.
    Connect,
    /// Nothing to connect with: this host lacks something.
    Unprepared,
    /// Connected, then a timeout or a reset: the lines may have been accepted.
    NoAnswer,
}

/// What to do with the request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Next {
    /// It was answered: so many lines were accepted, the others refused.
    Done { invalid: u64 },
    /// Send it again later.
    Retry { pace: Pace, after: Option<Duration> },
    /// The same, but others may do better: let those of the same collection go before it.
    StepAside { pace: Pace, others: Others },
    /// Send it again at once.
    Again,
    /// Send its halves.
    Split,
    /// Do not send it again, for this reason; with a pace, go on with others only later.
    Drop {
        reason: DropReason,
        pause: Option<Pace>,
    },
}

/// When to try the others of a collection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Others {
    AtOnce,
    Later,
}

impl Outcome {
    pub(crate) fn next(&self, ambiguous: DeliveryGuarantee) -> Next {
        match self {
            Self::Accepted => Next::Done { invalid: 0 },
            Self::Partial { invalid, .. } => Next::Done { invalid: *invalid },
            Self::Unauthorized { .. }
            | Self::Failed {
                failure: Failure::Unprepared,
                ..
            } => Next::Retry {
                pace: Pace::Slow,
                after: None,
            },
            Self::Misdirected { .. } => Next::StepAside {
                pace: Pace::Slow,
                others: Others::AtOnce,
            },
            // A server may stumble over what is in this one.
            Self::Unavailable {
                status: 500,
                retry_after: None,
                ..
            } => Next::StepAside {
                pace: Pace::Fast,
                others: Others::Later,
            },
            Self::Outdated { .. } => Next::Again,
            Self::TooLarge { .. } => Next::Split,
            Self::Throttled { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                Next::Retry {
                    pace: Pace::Fast,
                    after: *retry_after,
                }
            }
            Self::Failed {
                failure: Failure::NoAnswer,
                ..
            } if ambiguous == DeliveryGuarantee::AtMostOnce => Next::Drop {
                reason: DropReason::Ambiguous,
                pause: Some(Pace::Fast),
            },
            Self::Failed {
                failure: Failure::Refused { here: true },
                ..
            } => Next::Retry {
                pace: Pace::Near,
                after: None,
            },
            Self::Failed { .. } => Next::Retry {
                pace: Pace::Fast,
                after: None,
            },
            Self::Rejected { .. } => Next::Drop {
                reason: DropReason::RequestRejected,
                pause: None,
            },
        }
    }

    /// Whether another request may pass meanwhile: an endpoint, or a firewall before it, may stumble
    /// over what is in this one.
    pub(crate) fn may_be_of_this_one(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized { status: 403, .. }
                | Self::Misdirected { .. }
                | Self::Throttled { .. }
                | Self::Unavailable { .. }
                | Self::Failed {
                    failure: Failure::NoAnswer,
                    ..
                }
        )
    }

    /// What went wrong, if anything.
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

    /// The same for failures that are one and the same to a reader of logs.
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
            Self::Failed {
                failure: Failure::Refused { .. },
                ..
            } => ("refused", 0),
            Self::Failed {
                failure: Failure::Connect,
                ..
            } => ("connect", 0),
            Self::Failed {
                failure: Failure::Unprepared,
                ..
            } => ("unprepared", 0),
            Self::Failed {
                failure: Failure::NoAnswer,
                ..
            } => ("no_answer", 0),
        }
    }
}
