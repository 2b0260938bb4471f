//! All series, in the order of their first lines.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "otlp")]
use super::buckets::Buckets;
#[cfg(feature = "otlp")]
use super::data_point::Data;
use super::history::History;
use super::series::{Identity, Series};
use crate::protocol::Line;

/// A series, its history, and when it changed.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) series: Series,
    pub(crate) history: Option<History>,
    /// The sum of all histograms, if it received any over OTLP.
    #[cfg(feature = "otlp")]
    pub(crate) buckets: Option<Buckets>,
    /// Number of lines received when the series was new.
    pub(crate) created: u64,
    /// Number of lines received when the newest line of the series was.
    pub(crate) changed: u64,
}

impl Tracked {
    /// The values below which 50, 95 and 99 % of all values are, if they came over OTLP with buckets.
    #[cfg(feature = "otlp")]
    pub(crate) fn percentiles(&self) -> Option<[f64; 3]> {
        let buckets = self.buckets.as_ref()?;
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| buckets.percentile(share));
        Some([p50?, p95?, p99?])
    }

    #[cfg(not(feature = "otlp"))]
    #[expect(clippy::unused_self, reason = "lines have no buckets")]
    pub(crate) fn percentiles(&self) -> Option<[f64; 3]> {
        None
    }
}

/// The series in the order of their first lines: the index of a series never changes.
#[derive(Debug)]
pub(super) struct AllSeries {
    indexes: HashMap<Identity, usize>,
    tracked: Vec<Tracked>,
    limit: usize,
    histories: usize,
}

impl AllSeries {
    pub(super) fn new(limit: usize, histories: usize) -> Self {
        Self {
            indexes: HashMap::new(),
            tracked: Vec::new(),
            limit,
            histories,
        }
    }

    pub(super) fn all(&self) -> &[Tracked] {
        &self.tracked
    }

    /// Adds the buckets of a data point to the series of its line.
    #[cfg(feature = "otlp")]
    pub(super) fn add_buckets(&mut self, line: &Line, data: &Data) {
        let Some(buckets) = Buckets::of(data) else {
            return;
        };
        let index = self.indexes.get(&Identity::of(line));
        if let Some(tracked) = index.and_then(|index| self.tracked.get_mut(*index)) {
            match &mut tracked.buckets {
                Some(known) => known.merge(&buckets),
                none => *none = Some(buckets),
            }
        }
    }

    /// Adds a line, the `lines`th in all; `false` if there are too many series.
    pub(super) fn add(&mut self, line: &Line, lines: u64, now: SystemTime) -> bool {
        let identity = Identity::of(line);
        let index = match self.indexes.get(&identity) {
            Some(index) => *index,
            None if self.tracked.len() >= self.limit => return false,
            None => {
                let index = self.tracked.len();
                self.tracked.push(Tracked {
                    series: Series::new(&identity, line, now),
                    history: (index < self.histories).then(History::default),
                    #[cfg(feature = "otlp")]
                    buckets: None,
                    created: lines,
                    changed: lines,
                });
                self.indexes.insert(identity, index);
                index
            }
        };
        // The index is always valid.
        if let Some(tracked) = self.tracked.get_mut(index) {
            // A data point without a timestamp has the time of the server.
            let at = line.timestamp_ms.map_or(now, time);
            tracked.series.add(line.payload, at, now);
            tracked.changed = lines;
            if let Some(history) = &mut tracked.history {
                history.add(line.payload, at, now);
            }
        }
        true
    }
}

fn time(timestamp_ms: i64) -> SystemTime {
    let since = Duration::from_millis(timestamp_ms.max(0).unsigned_abs());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
