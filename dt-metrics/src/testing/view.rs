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
            /// Values are compared as texts, as they are sent: `200` of any integer type equals `"200"`.
            /// `None` selects the series without the dimension.
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
    /// The counters with one name, returned by [`Captured::counter`](super::Captured::counter).
    Counter
}

view! {
    /// The up-down counters with one name, returned by
    /// [`Captured::up_down_counter`](super::Captured::up_down_counter).
    UpDownCounter
}

view! {
    /// The histograms with one name, returned by [`Captured::histogram`](super::Captured::histogram).
    Histogram
}

view! {
    /// The gauges with one name, returned by [`Captured::gauge`](super::Captured::gauge).
    Gauge
}

impl Counter<'_> {
    /// Returns the sum that was added during the capture; 0 if nothing was added. A sum above `u64::MAX` is
    /// returned as `u64::MAX`.
    #[must_use]
    pub fn value(&self) -> u64 {
        u64::try_from(self.0.sum()).unwrap_or(u64::MAX)
    }
}

impl UpDownCounter<'_> {
    /// Returns the change of the sum during the capture; 0 if nothing was added or subtracted.
    ///
    /// Calls that were in flight before the capture are not included. A sum outside of the range of
    /// `i64` is returned as the nearest `i64`.
    #[must_use]
    pub fn value(&self) -> i64 {
        let sum = self.0.sum();
        i64::try_from(sum).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN })
    }
}

impl Histogram<'_> {
    /// Returns the number of recorded values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.summary().count
    }

    /// Returns the sum of all values, in the unit of the instrument; 0 if there are no values.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.0.summary().sum
    }

    /// Returns the smallest value; `None` if there are no values.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        self.0.summary().min
    }

    /// Returns the greatest value; `None` if there are no values.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.0.summary().max
    }

    /// Returns all values, in the order in which they were recorded.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.0.values().collect()
    }
}

impl Gauge<'_> {
    /// Returns the value that was set last; `None` if no value was set.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.0.values().next_back()
    }

    /// Returns all values, in the order in which they were set.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.0.values().collect()
    }
}
