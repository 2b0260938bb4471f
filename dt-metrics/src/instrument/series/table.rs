//! An instrument's table of series with run-time dimensions. All threads share it.

use hashbrown::HashTable;

use super::cache::part;
use crate::instrument::cells::store::{SLOTS, SeriesOwner};
use crate::instrument::dimension::set::KeptSet;

/// Combinations of values → slot. The series of a slot has the values.
pub(super) struct Table {
    rows: HashTable<TableRow>,
    /// The slot of the overflow series.
    pub(super) overflow: Option<u32>,
}

/// One combination of values.
struct TableRow {
    slot: u32,
    /// A part of the hash of the values. It is all that the table has of them.
    hash: u32,
}

impl TableRow {
    fn new(hash: u64, slot: u32) -> Self {
        Self {
            slot,
            hash: part(hash),
        }
    }

    /// The place in the table: the bits that decide about it depend on all bits of the part.
    fn place(&self) -> u64 {
        // The golden ratio, as in Fibonacci hashing.
        u64::from(self.hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

impl Table {
    pub(super) const fn new() -> Self {
        Self {
            rows: HashTable::new(),
            overflow: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The slot of a combination with this hash that `is` accepts, and its values. All series are those of
    /// `owner`.
    pub(super) fn find(
        &self,
        hash: u64,
        owner: &dyn SeriesOwner,
        is: impl Fn(&KeptSet) -> bool,
    ) -> Option<(u32, KeptSet)> {
        let wanted = TableRow::new(hash, 0);
        let mut candidates = self.rows.iter_hash(wanted.place());
        candidates.find_map(|row| {
            if row.hash != wanted.hash {
                return None;
            }
            // Compared without the lock of the slots, since that may run the program's code.
            let values = SLOTS.lock().entry(row.slot)?.series.values_of(owner)?;
            is(&values).then_some((row.slot, values))
        })
    }

    /// Adds a combination that the table does not have.
    pub(super) fn insert(&mut self, hash: u64, slot: u32) {
        let row = TableRow::new(hash, slot);
        self.rows.insert_unique(row.place(), row, TableRow::place);
    }

    /// Removes a combination.
    pub(super) fn remove(&mut self, hash: u64, slot: u32) {
        let place = TableRow::new(hash, slot).place();
        if let Ok(row) = self.rows.find_entry(place, |row| row.slot == slot) {
            row.remove();
        }
    }

    /// Removes the combinations of these slots, which are sorted.
    pub(super) fn forget(&mut self, slots: &[u32]) {
        self.rows
            .retain(|row| slots.binary_search(&row.slot).is_err());
    }
}

#[cfg(test)]
mod tests;
