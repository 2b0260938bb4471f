//! The buckets of a histogram over OTLP, from which percentiles are estimated.

use super::data_point::Data;

/// The counts of all histograms of a series.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Buckets {
    /// Upper bounds of all buckets but the last.
    bounds: Vec<f64>,
    counts: Vec<u64>,
    min: f64,
    max: f64,
}

impl Buckets {
    /// The buckets of a data point; `None` if it has none.
    pub(super) fn of(data: &Data) -> Option<Self> {
        let Data::Histogram {
            bounds,
            bucket_counts,
            min,
            max,
            ..
        } = data
        else {
            return None;
        };
        let (first, last) = (bounds.first()?, bounds.last()?);
        // Without extremes, no value is known to be beyond the bounds.
        Some(Self {
            min: min.unwrap_or(first.min(0.0)),
            max: max.unwrap_or(*last),
            bounds: bounds.clone(),
            counts: bucket_counts.clone(),
        })
    }

    /// Adds the counts of other buckets. Buckets with other bounds replace these.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.bounds != other.bounds || self.counts.len() != other.counts.len() {
            other.clone_into(self);
            return;
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The value below which this share of the values are, estimated within its bucket; `None` if there
    /// are no values.
    // A percentile does not need the precision.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn percentile(&self, share: f64) -> Option<f64> {
        let total: u64 = self
            .counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count));
        let mut left = total as f64 * share;
        for (index, count) in self.counts.iter().enumerate() {
            let count = *count as f64;
            if count > 0.0 && left <= count {
                let below = index
                    .checked_sub(1)
                    .and_then(|below| self.bounds.get(below));
                let low = below.map_or(self.min, |below| below.max(self.min));
                let high = self
                    .bounds
                    .get(index)
                    .map_or(self.max, |it| it.min(self.max));
                return Some(low + (high - low).max(0.0) * left / count);
            }
            left -= count;
        }
        None
    }
}
