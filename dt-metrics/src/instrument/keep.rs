//! Keeping the cells of counters in memory that outlives the process. The one door for `pipeline`.

use std::sync::Arc;

use super::cells::busy;
use super::cells::memory::Memory;
use super::cells::store::{SLOTS, Series};
use crate::descriptor::{Kind, Registration};

/// Keeps the cells of counters in `memory` from now on. Counters that exist get new slots, which their next
/// measurements use.
pub(crate) fn keep_cells(memory: Arc<dyn Memory>) {
    let assign = |memory: &dyn Memory, slot, sum, series: &Series| {
        if series.descriptor.kind == Kind::Counter {
            memory.assign(slot, sum, series.descriptor, &series.exported());
        }
    };
    let _busy = busy::enter();
    let moved = SLOTS
        .lock()
        .keep_in(memory, assign, Series::unused, Series::renewed);
    for (old, new) in moved {
        // Looking up a series locks its instrument first, then the slots.
        let owner = SLOTS.lock().entry(old).map(|entry| entry.series.owner);
        match (owner, new) {
            (Some(owner), Some(new)) => owner.move_slot(old, new),
            (Some(owner), None) => owner.forget(&[old]),
            (None, _) => {}
        }
    }
    for registration in inventory::iter::<Registration>() {
        registration.0.find_slots_again();
    }
}

/// Keeps no further cells in `memory`. Cells that are there stay.
pub(crate) fn leave_cells(memory: &Arc<dyn Memory>) {
    SLOTS.lock().leave_memory(memory);
}
