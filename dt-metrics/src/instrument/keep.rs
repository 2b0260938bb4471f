//! Keeping the cells of counters in memory that outlives the process. The one door for `pipeline`.

use std::sync::Arc;

use super::cells::busy;
use super::cells::kept::abandon_all;
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

/// Counts in the memory of earlier pipelines are delivered by the next one, and no longer after this process.
pub(crate) fn abandon_cells() {
    abandon_all();
}

/// Keeps no further cells in `memory`. Cells that are there stay.
pub(crate) fn leave_cells(memory: &Arc<dyn Memory>) {
    SLOTS.lock().leave_memory(memory);
}
