//! Keeping the cells of counters in memory that outlives the process. The one door for `pipeline`.

use std::sync::Arc;

use super::cells::busy;
use super::cells::memory::Memory;
use super::cells::store::{SLOTS, Series};

/// Keeps all cells in `memory` from now on, and notes there which series they count.
pub(crate) fn keep_cells(memory: Arc<dyn Memory>) {
    let _busy = busy::enter();
    SLOTS
        .lock()
        .keep_in(memory, |memory, slot, sum, series: &Series| {
            memory.assign(slot, sum, series.descriptor, &series.exported());
        });
}

/// Keeps no further cells in `memory`. Cells that are there stay.
pub(crate) fn leave_cells(memory: &Arc<dyn Memory>) {
    SLOTS.lock().leave_memory(memory);
}
