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

/// The sum of one series of a counter or an up-down counter. Nearly all are small.
#[derive(Debug)]
pub(super) enum Sum {
    /// In its range.
    Small(i64),
    Large(Box<Large>),
}

#[derive(Debug)]
pub(super) struct Large {
    /// The sum of all additions.
    exact: i128,
    /// The nearest number in the range of the SDK's sum: this sum.
    nearest: i128,
}

impl Default for Sum {
    fn default() -> Self {
        Self::Small(0)
    }
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
        let (exact, before) = match self {
            Self::Small(sum) => ((*sum).into(), (*sum).into()),
            Self::Large(sum) => (sum.exact, sum.nearest),
        };
        let exact = exact.saturating_add(added);
        let nearest = exact.clamp(min, max);
        *self = match i64::try_from(exact) {
            Ok(small) if nearest == exact => Self::Small(small),
            _ => Self::Large(Box::new(Large { exact, nearest })),
        };
        Addition {
            number: nearest - before,
            is_saturated: nearest != exact,
        }
    }

    /// Whether the next sums of this series may be out of range before anybody notices.
    pub(super) fn is_large(&self) -> bool {
        match self {
            Self::Small(sum) => sum.unsigned_abs() >> 48 != 0,
            Self::Large(_) => true,
        }
    }
}

#[cfg(test)]
mod tests;
