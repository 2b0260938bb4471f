//! The metrics that annotations and macros record.

/// A metric that an expansion records.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Metric {
    /// A counter of calls, which adds 1, or `by`.
    Calls,
    /// A histogram of call durations.
    Duration,
    /// An up-down counter of the calls in flight.
    InFlight,
    /// A histogram of values.
    Values,
    /// A gauge.
    Level,
    /// An up-down counter of any quantity.
    Change,
}

impl Metric {
    /// The name of the instrument's type.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Calls => "Counter",
            Self::Duration | Self::Values => "Histogram",
            Self::InFlight | Self::Change => "UpDownCounter",
            Self::Level => "Gauge",
        }
    }

    /// The last section of the default name. Metrics without one have to be named.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Duration => "duration",
            Self::InFlight => "in_flight",
            Self::Values | Self::Level | Self::Change => "",
        }
    }

    /// The instrument's method that records.
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Calls | Self::Change => "add",
            Self::Duration | Self::Values => "record",
            Self::InFlight => "enter",
            Self::Level => "set",
        }
    }
}
