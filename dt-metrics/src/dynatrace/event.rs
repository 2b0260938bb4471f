//! What a program can be told about its deliveries.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Something about deliveries that a program may want to raise an alert for, or to lower one. By
/// OTLP a data point counts as a line.
///
/// ```
/// use dt_metrics::dynatrace::{DeliveryEvent, Exporter};
///
/// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
/// let exporter = Exporter::builder()
///     .on_delivery_event(|event| match event {
///         DeliveryEvent::LinesDropped { lines, reason } => eprintln!("{lines} lost: {reason}"),
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
    /// Requests fail. Told once for each kind of failure until lines are accepted again.
    Failing {
        /// What failed, and what to do about it.
        reason: String,
    },
    /// After failures, lines are accepted again.
    Recovered,
    /// The endpoint refused lines, each on its own. Told at once, then at most once a minute.
    LinesRefused {
        /// How many, since this was last told.
        lines: u64,
        /// What the endpoint said about the latest, with the text of some.
        reason: String,
    },
    /// Lines are lost. Told at once, then at most once a minute.
    LinesDropped {
        /// How many, since this was last told.
        lines: u64,
        /// Why: a key of [`Health::dropped`](crate::dynatrace::health::Health::dropped).
        reason: &'static str,
    },
    /// Data points never became lines. Told at once, then at most once a minute.
    PointsDropped {
        /// How many, since this was last told.
        points: u64,
        /// The instrument; `None` if it is not known, or for the rest where there are many.
        metric: Option<String>,
        /// Why: a key of [`Health::dropped`](crate::dynatrace::health::Health::dropped).
        reason: &'static str,
    },
    /// The directory given as `spool_dir` does not do its work, so that lines that wait may not
    /// survive this process. Told once for each kind of fault until it works again, and at most
    /// once a minute.
    SpoolFailing {
        /// The directory, what failed and what follows from it.
        reason: String,
    },
}

impl fmt::Display for DeliveryEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failing { reason } | Self::SpoolFailing { reason } => f.write_str(reason),
            Self::Recovered => f.write_str("metrics are accepted again"),
            Self::LinesRefused { lines, reason } => write!(f, "{lines} lines refused: {reason}"),
            Self::LinesDropped { lines, reason } => write!(f, "{lines} lines dropped: {reason}"),
            Self::PointsDropped {
                points,
                metric: Some(metric),
                reason,
            } => write!(
                f,
                "{points} points of the metric {metric:?} dropped: {reason}"
            ),
            Self::PointsDropped {
                points,
                metric: None,
                reason,
            } => write!(f, "{points} points dropped: {reason}"),
        }
    }
}

type Watch = dyn Fn(&DeliveryEvent) + Send + Sync;

/// The program's function that is told, if it gave one.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<Watch>>);

impl Watcher {
    pub(crate) fn new(watch: impl Fn(&DeliveryEvent) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    /// Tells the program. Its panic must not end delivery.
    pub(crate) fn tell(&self, event: &DeliveryEvent) {
        if let Some(watch) = &self.0
            && catch_unwind(AssertUnwindSafe(|| watch(event))).is_err()
        {
            tracing::error!(target: "dt_metrics", "the function given to `on_delivery_event` panicked");
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "none" })
    }
}
