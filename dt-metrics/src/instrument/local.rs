//! The calling thread's cells: the hit path.

use std::cell::Cell;

use super::chunk::{self, Directory};
use super::series::Series;
use super::slots::{BlockId, Slots, State};
use super::sync::Mutex;
use crate::descriptor::Descriptor;

/// A slot that is not known yet. No directory reaches so far, so it takes the cold path.
pub(super) const NO_SLOT: u32 = u32::MAX;

static SLOTS: Slots<Series> = Slots {
    state: Mutex::new(State::new()),
};

/// What a thread knows of its block. Without a destructor, so that an access is one instruction
/// and works at any time of the thread's life.
struct Local {
    directory: Cell<Directory>,
    block: Cell<Option<BlockId>>,
}

thread_local! {
    static LOCAL: Local = const { Local { directory: Cell::new(&[]), block: Cell::new(None) } };

    /// Hands the block back when the thread ends.
    static EXIT: Exit = const { Exit };
}

struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            // From here on this thread takes the cold path, and there the shared block.
            local.directory.set(&[]);
            if let Some(block) = local.block.take() {
                SLOTS.release(block);
            }
        });
    }
}

/// Adds `n` to the slot's cell of this thread; `false` if it has none.
#[inline]
pub(super) fn add(slot: u32, n: u64) -> bool {
    LOCAL.with(|local| chunk::add(local.directory.get(), slot, n))
}

/// Adds `n` where this thread has no cell for the slot yet, or no longer.
#[cold]
#[inline(never)]
pub(super) fn add_cold(slot: u32, n: u64) {
    if slot == NO_SLOT {
        return;
    }
    // The first access registers the destructor; it fails once that has run.
    if EXIT.try_with(|_| ()).is_err() {
        SLOTS.add_shared(slot, n);
        return;
    }
    LOCAL.with(|local| {
        let block = local.block.get().unwrap_or_else(|| {
            let (block, directory) = SLOTS.claim();
            local.block.set(Some(block));
            local.directory.set(directory);
            block
        });
        local.directory.set(SLOTS.extend(block, slot));
        chunk::add(local.directory.get(), slot, n);
    });
}

/// Gives a series a slot; see [`Slots::register`].
pub(super) fn register(
    existing: impl FnOnce() -> Option<u32>,
    series: impl FnOnce() -> Series,
    publish: impl FnOnce(u32),
) -> u32 {
    SLOTS.register(existing, series, publish).unwrap_or(NO_SLOT)
}

/// Adds up what all threads counted since the last drain, by slot; see [`Slots::drain`].
#[cfg(feature = "dynatrace")]
pub(crate) fn drain(ready: impl Fn(usize) -> bool, deltas: &mut Vec<u64>) {
    SLOTS.drain(ready, deltas);
}

/// Runs `f` with slot and series, from slot `from` on. `f` must not measure.
#[cfg(feature = "dynatrace")]
pub(crate) fn for_each_series(from: usize, f: impl FnMut(usize, &Series)) {
    SLOTS.for_each_series(from, f);
}

/// Runs `f` with the descriptor of every instrument that has been used. `f` must not measure.
pub(crate) fn for_each_descriptor(mut f: impl FnMut(&'static Descriptor)) {
    SLOTS.for_each_series(0, |_, series| f(series.descriptor));
}

/// Runs `f` with every series and all that was ever added to it.
#[cfg(test)]
pub(super) fn for_each_value(mut f: impl FnMut(&Series, u64)) {
    let totals = SLOTS.totals();
    SLOTS.for_each_series(0, |slot, series| {
        f(series, totals.get(slot).copied().unwrap_or(0));
    });
}
