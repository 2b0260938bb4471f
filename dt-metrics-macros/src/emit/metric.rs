//! The metrics that annotations and macros record.

use proc_macro2::TokenStream;

use super::values::list;
use crate::tokens::emit;

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

    /// The end of the description, where an annotation has several metrics.
    pub(crate) const fn part(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Duration => "duration",
            Self::InFlight => "calls in flight",
            Self::Values | Self::Level | Self::Change => "values",
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

/// A record into one of an annotation's instruments.
pub(crate) struct Record {
    pub(crate) metric: Metric,
    pub(crate) method: TokenStream,
    pub(crate) instrument: TokenStream,
    /// The number that is recorded.
    pub(crate) quantity: Option<TokenStream>,
    pub(crate) dimensioned: bool,
}

impl Record {
    /// The expression that records.
    pub(crate) fn with(&self, values: &[TokenStream]) -> TokenStream {
        let Self {
            method,
            instrument,
            quantity,
            ..
        } = self;
        let set = self.dimensioned.then(|| list(values));
        let arguments = quantity.iter().chain(&set);
        emit!(#method(#instrument, #(#arguments),*))
    }
}
