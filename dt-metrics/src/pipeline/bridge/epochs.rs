//! Epochs: the time after which idle series retire, in collections of the slowest reader.

use std::collections::HashMap;

use crate::pipeline::aggregation::ReaderId;

/// Collections by other readers after which a reader counts as gone.
const GONE_AFTER: u64 = 1_000;

/// An epoch ends when every reader has collected in it.
#[derive(Default)]
pub(super) struct Epochs {
    collections: u64,
    readers: HashMap<ReaderId, Reader>,
}

struct Reader {
    /// The number of its latest collection.
    last: u64,
    /// Whether it has collected in this epoch.
    collected: bool,
}

impl Epochs {
    /// Notes a collection; returns whether it ends an epoch.
    pub(super) fn collected(&mut self, reader: ReaderId) -> bool {
        self.collections += 1;
        let now = self.collections;
        self.readers.insert(
            reader,
            Reader {
                last: now,
                collected: true,
            },
        );
        self.readers
            .retain(|_, reader| now - reader.last < GONE_AFTER);
        let ended = self.readers.values().all(|reader| reader.collected);
        if ended {
            for reader in self.readers.values_mut() {
                reader.collected = false;
            }
        }
        ended
    }
}

#[cfg(test)]
mod tests;
