//! What a forked child finds in its memory was measured by its parent, who delivers it.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::collect::{Drained, drain};

/// The process whose measurements the slots hold; 0 before the first.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// To be called before anything is measured on a thread.
pub(super) fn remember_owner() {
    if OWNER.load(Ordering::Relaxed) == 0 {
        OWNER.store(process::id(), Ordering::Relaxed);
    }
}

/// In a forked child: leaves to the parent what was measured until now. To be called before
/// anything is drained.
pub(crate) fn disown_inherited() {
    let here = process::id();
    let owner = OWNER.swap(here, Ordering::Relaxed);
    if owner != 0 && owner != here {
        drain(&mut Drained::default(), false, |_, _, _| true);
    }
}
