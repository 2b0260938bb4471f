//! Events of the delivery for the program's own alerts.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::dynatrace::health::DropReason;

/// An event of the delivery, for the alerts of a program. Receive events with
/// [`on_delivery_event`](crate::Builder::on_delivery_event).
///
/// ```
/// use dt_metrics::dynatrace::{DeliveryEvent, Exporter};
///
/// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
/// let exporter = Exporter::builder()
///     .on_delivery_event(|event| match event {
///         DeliveryEvent::PointsDropped { points, reason, .. } => {
///             eprintln!("{points} data points lost: {}", reason.explain());
///         }
///         other => eprintln!("{other}"),
///     })
///     .build()?;
/// # drop(exporter);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DeliveryEvent {
    /// Requests fail. The event is reported once for each kind of failure until data points are accepted
    /// again.
    Failing {
        /// The failure and its remedy.
        reason: String,
    },
    /// Data points are accepted again after failures.
    Recovered,
    /// The endpoint rejected individual data points. The event is reported at once, then at most once a
    /// minute.
    PointsRejected {
        /// The number of data points since the last event of this kind.
        points: u64,
        /// The last answer of the endpoint, with the text of some lines.
        reason: String,
    },
    /// Data points were dropped and will not be delivered. The event is reported at once, then at most once a
    /// minute.
    PointsDropped {
        /// The number of data points since the last event of this kind.
        points: u64,
        /// The name of the instrument. `None` if the event is about whole requests, or about the remaining
        /// instruments if there are many.
        metric: Option<String>,
        /// The reason for the drop. [`Health::dropped`](super::Health::dropped) counts the data points by
        /// reason.
        reason: DropReason,
    },
    /// A metric has more series than its limit, so further combinations of dimensions are merged into one
    /// overflow series. The event is reported at once, then at most once a minute.
    SeriesMerged {
        /// The number of data points of the overflow series since the last event of this kind;
        /// [`Health::points_in_overflow_series`](super::Health::points_in_overflow_series) is their total.
        points: u64,
        /// The name of the metric; `None` for the remaining metrics if there are many.
        metric: Option<String>,
    },
    /// The sum of a metric is out of the range of its type, so its data points are sent with the end of the
    /// range instead. The event is reported at once, then at most once a minute.
    SumSaturated {
        /// The number of data points since the last event of this kind; `saturated` in
        /// [`Health::altered`](super::Health::altered) is their total.
        points: u64,
        /// The name of the metric; `None` for the remaining metrics if there are many.
        metric: Option<String>,
    },
    /// The endpoint accepted data points with a warning, for example that it stored the data points under
    /// another metric key. The event is reported at once, then at most once a minute.
    ServerWarnings {
        /// The number of warnings since the last event of this kind.
        warnings: u64,
        /// The last answer of the endpoint, with the text of some lines.
        reason: String,
    },
    /// The directory of `spool_dir` cannot be used, so pending requests may not survive this process; or the
    /// directory contains requests for another endpoint, which stay there. The event is reported once for each
    /// kind of fault until the directory is usable again, and at most once a minute.
    SpoolFailing {
        /// The directory, the failure and its consequence.
        reason: String,
    },
}

impl fmt::Display for DeliveryEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failing { reason }
            | Self::SpoolFailing { reason }
            | Self::ServerWarnings { reason, .. } => f.write_str(reason),
            Self::Recovered => f.write_str("metrics are accepted again"),
            Self::PointsRejected { points, reason } => {
                write!(f, "{points} data points rejected: {reason}")
            }
            Self::PointsDropped {
                points,
                metric,
                reason,
            } => {
                write!(f, "{points} data points dropped")?;
                if let Some(metric) = metric {
                    write!(f, " of the metric {metric:?}")?;
                }
                write!(f, ": {} (`{reason}`)", reason.explain())
            }
            Self::SumSaturated { points, metric } => {
                write!(f, "{points} data points")?;
                if let Some(metric) = metric {
                    write!(f, " of the metric {metric:?}")?;
                }
                f.write_str(
                    " are sent with the end of their range, since their sum exceeds it; look for an \
                     amount that is too large, such as a difference that wrapped around",
                )
            }
            Self::SeriesMerged { points, metric } => {
                write!(f, "{points} data points")?;
                if let Some(metric) = metric {
                    write!(f, " of the metric {metric:?}")?;
                }
                f.write_str(
                    " are in the overflow series: there are more combinations of dimensions than \
                     the limit; use dimensions with fewer values, or raise `cardinality_limit` or \
                     the limit that a view sets",
                )
            }
        }
    }
}

type OnEvent = dyn Fn(&DeliveryEvent) + Send + Sync;

/// The program's function for events, if it set one.
#[derive(Clone, Default)]
pub(crate) struct EventListener(Option<Arc<OnEvent>>);

impl EventListener {
    pub(crate) fn new(on_event: impl Fn(&DeliveryEvent) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(on_event)))
    }

    /// Calls the program. Its panic must not end the delivery.
    pub(crate) fn notify(&self, event: &DeliveryEvent) {
        if let Some(on_event) = &self.0
            && catch_unwind(AssertUnwindSafe(|| on_event(event))).is_err()
        {
            tracing::error!(target: "dt_metrics", "the function given to `on_delivery_event` panicked");
        }
    }
}

impl fmt::Debug for EventListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "none" })
    }
}
