//! Payloads.

use super::number::{Number, push_f64, push_integer, push_number};

/// How far the mean of a summary may lie outside its bounds, absolute, for the rounding of its sum
/// (reference client; the server judges alike).
const MEAN_TOLERANCE: f64 = 1e-6;

/// The measured values of a data point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Payload {
    /// The change of a sum since the previous line: `count,delta=…`. The change may be negative or have a
    /// fraction.
    Count(Number),
    /// A value that the next value replaces: `gauge,…`.
    Gauge(Number),
    /// A distribution: `gauge,min=…,max=…,sum=…,count=…`.
    Summary {
        /// The smallest value.
        min: f64,
        /// The greatest value.
        max: f64,
        /// The sum of the values.
        sum: f64,
        /// The number of values.
        count: u64,
    },
}

/// The reason why a data point has no line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// A number is NaN or infinite.
    #[error("a number is not finite")]
    NotFinite,
    /// The minimum, mean and maximum of a summary contradict each other.
    #[error("the mean of the summary is not between its minimum and its maximum")]
    InvalidSummary,
    /// A summary has no values.
    #[error("the summary has no values")]
    EmptySummary,
}

impl Rejected {
    /// Returns a short name for counters of dropped points, such as `not_finite`.
    ///
    /// ```
    /// use dt_metrics::line::Rejected;
    ///
    /// assert_eq!(Rejected::NotFinite.reason(), "not_finite");
    /// ```
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFinite => "not_finite",
            Self::InvalidSummary => "invalid_summary",
            Self::EmptySummary => "empty_summary",
        }
    }
}

impl Payload {
    /// Checks that the payload can be sent.
    ///
    /// ```
    /// use dt_metrics::line::{Number, Payload, Rejected};
    ///
    /// assert_eq!(Payload::Gauge(Number::F64(0.5)).check(), Ok(()));
    /// assert_eq!(Payload::Gauge(Number::F64(f64::NAN)).check(), Err(Rejected::NotFinite));
    ///
    /// let mean_over_max = Payload::Summary { min: 1.0, max: 2.0, sum: 9.0, count: 3 };
    /// assert_eq!(mean_over_max.check(), Err(Rejected::InvalidSummary));
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the reason why the payload cannot be sent.
    pub fn check(&self) -> Result<(), Rejected> {
        match *self {
            Self::Count(value) | Self::Gauge(value) if value.is_finite() => Ok(()),
            Self::Count(_) | Self::Gauge(_) => Err(Rejected::NotFinite),
            Self::Summary {
                min,
                max,
                sum,
                count,
            } => check_summary(min, max, sum, count),
        }
    }

    /// Appends the payload, which has been [checked](Self::check).
    pub(super) fn push(&self, out: &mut String) {
        match *self {
            Self::Count(delta) => {
                out.push_str("count,delta=");
                push_number(out, delta);
            }
            Self::Gauge(value) => {
                out.push_str("gauge,");
                push_number(out, value);
            }
            Self::Summary {
                min,
                max,
                sum,
                count,
            } => {
                out.push_str("gauge,min=");
                push_f64(out, min);
                out.push_str(",max=");
                push_f64(out, max);
                out.push_str(",sum=");
                push_f64(out, sum);
                out.push_str(",count=");
                push_integer(out, count);
            }
        }
    }
}

fn check_summary(min: f64, max: f64, sum: f64, count: u64) -> Result<(), Rejected> {
    if !(min.is_finite() && max.is_finite() && sum.is_finite()) {
        return Err(Rejected::NotFinite);
    }
    if count == 0 {
        let empty = min == 0.0 && max == 0.0 && sum == 0.0;
        return Err(if empty {
            Rejected::EmptySummary
        } else {
            Rejected::InvalidSummary
        });
    }
    #[expect(clippy::cast_precision_loss, reason = "the tolerance is coarser")]
    let mean = sum / count as f64;
    if min <= max && min - mean <= MEAN_TOLERANCE && mean - max <= MEAN_TOLERANCE {
        Ok(())
    } else {
        Err(Rejected::InvalidSummary)
    }
}
