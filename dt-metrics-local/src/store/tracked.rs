use std::collections::HashMap;
use std::time::SystemTime;

use super::Series;
use super::history::History;
use super::series::Identity;
use crate::protocol::Line;

/// A series, its past, and when it changed.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) series: Series,
    pub(crate) history: Option<History>,
    /// How many lines had come when the series was new.
    pub(crate) created: u64,
    /// How many lines had come when the newest of the series came.
    pub(crate) changed: u64,
}

/// The series in the order of their first lines: the place of a series never changes.
#[derive(Debug)]
pub(super) struct AllSeries {
    places: HashMap<Identity, usize>,
    tracked: Vec<Tracked>,
    limit: usize,
    histories: usize,
}

impl AllSeries {
    pub(super) fn new(limit: usize, histories: usize) -> Self {
        Self {
            places: HashMap::new(),
            tracked: Vec::new(),
            limit,
            histories,
        }
    }

    pub(super) fn all(&self) -> &[Tracked] {
        &self.tracked
    }

    /// Adds the line that makes it so many lines in all; false if there are too many series.
    pub(super) fn add(&mut self, line: &Line, lines: u64, now: SystemTime) -> bool {
        let identity = Identity::of(line);
        let place = match self.places.get(&identity) {
            Some(place) => *place,
            None if self.tracked.len() >= self.limit => return false,
            None => {
                let place = self.tracked.len();
                self.tracked.push(Tracked {
                    series: Series::new(&identity, line, now),
                    history: (place < self.histories).then(History::default),
                    created: lines,
                    changed: lines,
                });
                self.places.insert(identity, place);
                place
            }
        };
        // Always there.
        if let Some(tracked) = self.tracked.get_mut(place) {
            tracked.series.add(line.payload, now);
            tracked.changed = lines;
            if let Some(history) = &mut tracked.history {
                history.add(line.payload, now);
            }
        }
        true
    }
}
