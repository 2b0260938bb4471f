//! The series of run-time dimensions that the calling thread knows: no lock on a hit.

use std::cell::RefCell;

use hashbrown::HashTable;

use super::local::SLOTS;
use super::many::{Many, Row};
use super::set::DimensionSet;

thread_local! {
    static KNOWN: RefCell<Known> = const { RefCell::new(Known(Vec::new())) };
}

/// By the number of the instrument.
struct Known(Vec<Option<Rows>>);

/// The rows of one instrument. The thread holds each of their slots.
struct Rows {
    /// The instrument's generation when these were looked through last.
    generation: u32,
    rows: HashTable<Row>,
}

/// The slot of `values`, if this thread knows it.
#[inline]
pub(super) fn find<S: DimensionSet>(many: &Many, hash: u64, values: &S) -> Option<u32> {
    let find = |known: &RefCell<Known>| {
        // Taken if a value's own code measures while it is compared: then the long way.
        let mut known = known.try_borrow_mut().ok()?;
        let rows = known.0.get_mut(many.id())?.as_mut()?;
        let generation = many.generation();
        if rows.generation != generation {
            rows.let_go_of_retired();
            rows.generation = generation;
        }
        Some(rows.rows.find(hash, |row| row.is(hash, values))?.slot)
    };
    KNOWN.try_with(find).ok().flatten()
}

/// Lets this thread know a row whose slot it holds; `false` if it cannot.
pub(super) fn insert(many: &Many, row: Row) -> bool {
    let insert = |known: &RefCell<Known>| {
        let Ok(mut known) = known.try_borrow_mut() else {
            return false;
        };
        let id = many.id();
        if known.0.len() <= id {
            known.0.resize_with(id + 1, || None);
        }
        let rows = known.0[id].get_or_insert_with(|| Rows {
            generation: many.generation(),
            rows: HashTable::new(),
        });
        rows.rows.insert_unique(row.hash, row, |row| row.hash);
        true
    };
    KNOWN.try_with(insert).unwrap_or(false)
}

impl Rows {
    #[cold]
    #[inline(never)]
    fn let_go_of_retired(&mut self) {
        let mut slots = SLOTS.lock();
        self.rows.retain(|row| {
            let retired = slots.is_retired(row.slot);
            if retired {
                slots.let_go(row.slot);
            }
            !retired
        });
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        let mut slots = SLOTS.lock();
        for row in self.0.iter().flatten().flat_map(|rows| &rows.rows) {
            slots.let_go(row.slot);
        }
    }
}
