//! Sums: additions to the SDK's sums that keep these sums in their range. The SDK's own additions wrap
//! around.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// How long the readers keep adding up a counter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Summing {
    /// Until the next collection: there is one reader, and it reads deltas.
    ForOneCollection,
    /// For any time: readers may read totals, or collect at different times.
    ForEver,
}

/// The sum of one series of a counter or an up-down counter. Nearly all are small; the others are in
/// [`LargeSums`].
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Sum(i64);

/// The sums that no [`Sum`] holds, by the hashes of their series.
pub(super) type LargeSums = HashMap<u64, LargeSum, RandomState>;

#[derive(Debug)]
pub(super) struct LargeSum {
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
    /// Stands for a sum among the large ones.
    const LARGE: Self = Self(i64::MIN);

    /// Adds to the exact sum of the series with this hash. The SDK's sum has numbers from `min` to `max`.
    pub(super) fn add(
        &mut self,
        large: &mut LargeSums,
        hash: u64,
        added: i128,
        (min, max): (i128, i128),
    ) -> Addition {
        let sum = if *self == Self::LARGE {
            large.remove(&hash)
        } else {
            None
        };
        let (exact, before) = match sum {
            Some(sum) => (sum.exact, sum.nearest),
            None => (self.0.into(), self.0.into()),
        };
        let exact = exact.saturating_add(added);
        let nearest = exact.clamp(min, max);
        *self = match i64::try_from(exact).map(Self) {
            Ok(small) if nearest == exact && small != Self::LARGE => small,
            _ => {
                large.insert(hash, LargeSum { exact, nearest });
                Self::LARGE
            }
        };
        Addition {
            number: nearest - before,
            is_saturated: nearest != exact,
        }
    }

    /// Begins again at 0.
    pub(super) fn reset(&mut self, large: &mut LargeSums, hash: u64) {
        if std::mem::take(self) == Self::LARGE {
            large.remove(&hash);
        }
    }

    /// Whether the next sums of this series may be out of range before anybody notices.
    pub(super) fn is_large(&self) -> bool {
        self.0.unsigned_abs() >> 48 != 0
    }
}

#[cfg(test)]
mod tests;
