//! Service-level objectives, as annotations state them.

use core::fmt;
use std::time::Duration;

/// A service-level objective of a metric, set with `#[measured(objective(…))]`.
///
/// [`Descriptor::objective`](crate::Descriptor::objective) contains it: the descriptor of the counter of
/// calls has the share of successful calls, and the descriptor of the histogram of durations has the
/// latency.
///
/// ```
/// use std::time::Duration;
///
/// use dt_metrics::{Objective, measured};
///
/// #[measured(name = "pay", objective(success = "99.9%", latency = "250ms", percentile = "99%"))]
/// fn pay() {}
///
/// let catalog = dt_metrics::catalog();
/// let objective = |name| catalog.iter().find(|metric| metric.name == name).unwrap().objective;
/// assert_eq!(objective("pay.calls"), Some(Objective::Success { ratio: 0.999 }));
/// let threshold = Duration::from_millis(250);
/// assert_eq!(objective("pay.duration"), Some(Objective::Latency { threshold, percentile: 0.99 }));
/// assert_eq!(objective("pay.in_flight"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Objective {
    /// At least the share `ratio` of calls has the outcome `ok`.
    Success {
        /// The share: more than 0, at most 1.
        ratio: f64,
    },
    /// At least the share `percentile` of calls takes no longer than `threshold`.
    Latency {
        /// The longest duration of a call that meets the objective.
        threshold: Duration,
        /// The share: more than 0, at most 1.
        percentile: f64,
    },
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Success { ratio } => {
                write!(
                    f,
                    "at least {} of calls have the outcome `ok`",
                    percent(ratio)
                )
            }
            Self::Latency {
                threshold,
                percentile,
            } => {
                let share = percent(percentile);
                write!(f, "at least {share} of calls take at most {threshold:?}")
            }
        }
    }
}

/// A share as a percentage, without the digits that the multiplication adds.
fn percent(share: f64) -> String {
    let rounded = format!("{:.10}", share * 100.0);
    let digits = rounded.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}%")
}
