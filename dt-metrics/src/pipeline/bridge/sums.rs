//! Sums: additions to the SDK's sums that keep these sums in their range. The SDK's own additions wrap
//! around.

/// How long the readers keep adding up a counter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Summing {
    /// Until the next collection: there is one reader, and it reads deltas.
    ForOneCollection,
    /// For any time: readers may read totals, or collect at different times.
    ForEver,
}

/// The sum of one series of a counter or an up-down counter.
#[derive(Debug, Default)]
pub(super) struct Sum {
    /// The sum of all additions.
    exact: i128,
    /// The nearest number in the range of the SDK's sum: this sum.
    nearest: i128,
}

/// The result of [`Sum::add`].
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Addition {
    /// The number that takes the SDK's sum to the nearest number in its range.
    pub(super) number: i128,
    /// Whether the exact sum is out of range.
    pub(super) is_saturated: bool,
}

impl Sum {
    /// Adds to the exact sum. The SDK's sum has numbers from `min` to `max`.
    pub(super) fn add(&mut self, added: i128, min: i128, max: i128) -> Addition {
        self.exact = self.exact.saturating_add(added);
        let nearest = self.exact.clamp(min, max);
        let number = nearest - std::mem::replace(&mut self.nearest, nearest);
        Addition {
            number,
            is_saturated: nearest != self.exact,
        }
    }

    /// Whether the next sums of this series may be out of range before anybody notices.
    pub(super) fn is_large(&self) -> bool {
        self.exact.unsigned_abs() >> 48 != 0
    }
}

#[cfg(test)]
mod tests;
