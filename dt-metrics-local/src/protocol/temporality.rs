//! The aggregation temporality of an OTLP metric.

use std::fmt;

/// The aggregation temporality of an OTLP metric: the period that its values cover. Its
/// [`Display`](fmt::Display) is the name in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Temporality {
    /// The time since the previous push.
    Delta,
    /// The time since the program started.
    Cumulative,
    /// The sender did not set the temporality.
    Unspecified,
}

impl fmt::Display for Temporality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Delta => "delta",
            Self::Cumulative => "cumulative",
            Self::Unspecified => "unspecified",
        })
    }
}
