//! The numbers of histograms; infinite sums become data points with finite sums that share the
//! values.

use crate::line::{Payload, summaries};

/// The numbers of a data point of a histogram, except its buckets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl Numbers {
    /// Passes the numbers and the buckets to `write`; if the sum is infinite, in several parts with
    /// finite sums, as [`summaries`] distributes the values.
    pub(super) fn for_each_finite(self, buckets: &mut [u64], mut write: impl FnMut(Self, &[u64])) {
        if !self.sum.is_infinite() {
            return write(self, buckets);
        }
        let recorded = (self.min, self.max);
        let mut part = Vec::new();
        for summary in summaries(self.count, self.sum, recorded, Default::default) {
            let Payload::Summary {
                min,
                max,
                sum,
                count,
            } = summary
            else {
                continue;
            };
            let mut open = count;
            part.clear();
            part.extend(buckets.iter_mut().map(|rest| {
                let taken = open.min(*rest);
                *rest -= taken;
                open -= taken;
                taken
            }));
            let numbers = Self {
                count,
                sum,
                min: self.min.map(|_| min),
                max: self.max.map(|_| max),
            };
            write(numbers, &part);
        }
    }
}
