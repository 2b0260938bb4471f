//! The instruments with one name, as a capture saw them.

use core::fmt;

use super::selection::Selection;
use crate::instrument::DimensionValue;

/// The parts that all kinds share.
macro_rules! view {
    ($(#[$doc:meta])+ $view:ident) => {
        $(#[$doc])+
        #[derive(Clone)]
        #[must_use]
        pub struct $view<'a>(pub(super) Selection<'a>);

        impl $view<'_> {
            /// Selects the series whose dimension `key` has this value, with any other dimensions.
            ///
            /// Values are compared as on the wire, where all are texts: `200` of any integer type
            /// equals `"200"`. `None` selects the series without that dimension.
            pub fn with(self, key: &str, value: impl DimensionValue) -> Self {
                Self(self.0.with(key, &value))
            }
        }

        impl fmt::Debug for $view<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

view! {
    /// Sums that only grow, from [`Captured::counter`](super::Captured::counter).
    Counter
}

view! {
    /// Sums that grow and shrink, from
    /// [`Captured::up_down_counter`](super::Captured::up_down_counter).
    UpDownCounter
}

view! {
    /// Distributions, from [`Captured::histogram`](super::Captured::histogram).
    Histogram
}

view! {
    /// Last values, from [`Captured::gauge`](super::Captured::gauge).
    Gauge
}

impl Counter<'_> {
    /// The sum added during the capture; 0 if nothing was added. A greater sum than `u64::MAX` is
    /// `u64::MAX`.
    #[must_use]
    pub fn value(&self) -> u64 {
        u64::try_from(self.0.sum()).unwrap_or(u64::MAX)
    }
}

impl UpDownCounter<'_> {
    /// The sum added during the capture, less the sum taken away; 0 if there was neither.
    ///
    /// Calls that were in flight before the capture are not included. A sum outside of the range of
    /// `i64` is the nearest `i64`.
    #[must_use]
    pub fn value(&self) -> i64 {
        let sum = self.0.sum();
        i64::try_from(sum).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN })
    }
}

impl Histogram<'_> {
    /// The number of recorded values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.summary().count
    }

    /// The sum of all values, in the unit of the instrument; 0 if there are none.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.0.summary().sum
    }

    /// The smallest value, if there is one.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        self.0.summary().min
    }

    /// The greatest value, if there is one.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.0.summary().max
    }

    /// All values, in the order in which they were recorded.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.0.values().collect()
    }
}

impl Gauge<'_> {
    /// The value that was set last, if one was.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.0.values().next_back()
    }

    /// All values, in the order in which they were set.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.0.values().collect()
    }
}
