//! The calling thread's cells and ring: the hit path.
#![allow(
    clippy::inline_always,
    reason = "debug builds, in which tests run, call all other functions"
)]

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use super::busy;
use super::chunk::{self, Amount, Directory, MAX_SLOTS};
use super::deferred::{self, Deferred, Settled, Target};
use super::recorder::{self, Measurement};
use super::ring::{Put, Ring};
use super::rings::Further;
use super::sink;
use super::slots::BlockId;
use super::store::{SLOTS, Series};

/// Stands for a slot that is not known yet. No directory reaches so far, so it takes the cold path.
pub(crate) const NO_SLOT: u32 = MAX_SLOTS;

/// The thread's view of its block. It has no destructor, so that an access is one instruction and
/// works at any time of the thread's life.
struct Local {
    directory: Cell<Directory>,
    /// The block's ring, which [`Exit`] lets go of.
    ring: Cell<Option<ManuallyDrop<Arc<Ring>>>>,
    block: Cell<Option<BlockId>>,
    /// Whether a capture is under way: then directory and ring stay empty, so that every
    /// measurement takes the cold path.
    captured: Cell<bool>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            directory: Cell::new(&[]),
            ring: Cell::new(None),
            block: Cell::new(None),
            captured: Cell::new(false),
        }
    };

    /// Hands the block back when the thread ends.
    static EXIT: Exit = const { Exit };
}

impl Local {
    /// Sets the ring for the hit path.
    fn set_ring(&self, ring: Option<Arc<Ring>>) {
        let before = self.ring.replace(ring.map(ManuallyDrop::new));
        drop(before.map(ManuallyDrop::into_inner));
    }
}

struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        let _busy = busy::enter();
        LOCAL.with(|local| {
            // From here on this thread takes the cold path, and there it uses the shared block.
            local.directory.set(&[]);
            local.set_ring(None);
            if let Some(block) = local.block.take() {
                SLOTS.release(block);
            }
        });
    }
}

/// Adds `n` to the slot's cell of this thread; `false` if it has none.
#[inline(always)]
pub(crate) fn add(slot: u32, n: u64) -> bool {
    cells().add(slot, n)
}

/// The cells of this thread, for several additions.
#[inline(always)]
pub(crate) fn cells() -> Cells {
    Cells(LOCAL.with(|local| local.directory.get()))
}

/// The cells of a thread, which the thread may have extended or replaced meanwhile. The drain reads them all.
pub(crate) struct Cells(Directory);

impl Cells {
    /// Adds `n` to the slot's cell; `false` if there is none.
    #[inline(always)]
    pub(crate) fn add(&self, slot: u32, n: u64) -> bool {
        chunk::add(self.0, slot, n)
    }
}

/// Adds `n` as [`add`] does; whoever sees the sum also sees all that this thread did before.
#[inline]
pub(crate) fn add_release(slot: u32, n: u64) -> bool {
    LOCAL.with(|local| chunk::add_release(local.directory.get(), slot, n))
}

/// Adds `n` as [`add`] does, unless that would exceed the range of the sum: then it returns `false` as
/// well.
#[inline]
pub(crate) fn add_in_range(slot: u32, n: Amount) -> bool {
    LOCAL.with(|local| chunk::add_in_range(local.directory.get(), slot, n))
}

/// Adds `n` if this thread has no cell for the slot yet, has none any more, or is captured, or if the
/// cell has no room for it.
#[cold]
#[inline(never)]
pub(crate) fn add_cold(slot: u32, n: Amount) {
    if slot >= NO_SLOT {
        if let Some(series) = deferred::take_series() {
            deferred::add(series, n, settle);
        }
        return;
    }
    let Some(_busy) = busy::enter() else {
        deferred::add(Target::Slot(slot), n, settle);
        return;
    };
    let captured = is_captured();
    if captured {
        // First: once a timer has let go of its slot, the slot may be another's.
        recorder::note(slot, Measurement::Added(n));
    }
    match block() {
        None => SLOTS.add_shared(slot, n),
        Some(block) => {
            let directory = SLOTS.add(block, slot, n);
            if !captured {
                LOCAL.with(|local| local.directory.set(directory));
            }
        }
    }
}

/// Records `value` for the slot.
#[inline(always)]
pub(crate) fn record(slot: u32, value: f64) {
    let put = LOCAL.with(|local| match local.ring.take() {
        Some(ring) => {
            let put = ring.put(slot, value);
            local.ring.set(Some(ring));
            Some(put)
        }
        None => None,
    });
    match put {
        Some(Put::Done) => {}
        put => record_cold(put, slot, value),
    }
}

#[cold]
#[inline(never)]
fn record_cold(put: Option<Put>, slot: u32, value: f64) {
    if slot >= NO_SLOT {
        return;
    }
    if put == Some(Put::Due) {
        sink::wake();
        return;
    }
    let Some(_busy) = busy::enter() else {
        deferred::record(Target::Slot(slot), value, settle);
        return;
    };
    if put.is_none() && is_captured() {
        recorder::note(slot, Measurement::Value(value));
    }
    let Some(block) = block() else {
        let mut slots = SLOTS.lock();
        slots.watch_value(slot, value);
        slots.record_shared(slot, value);
        return;
    };
    let put_into = |ring: Arc<Ring>| {
        let put = ring.put(slot, value);
        if !is_captured() {
            LOCAL.with(|local| local.set_ring(Some(ring)));
        }
        put
    };
    match put.unwrap_or_else(|| put_into(SLOTS.ring(block))) {
        Put::Done => {}
        Put::Due => sink::wake(),
        Put::Full => {
            let Further { ring, is_due } = SLOTS.further_ring(block);
            if let Some(ring) = ring.or_else(|| make_room(block)) {
                put_into(ring);
            }
            if is_due {
                sink::wake();
            }
        }
    }
}

/// Has values taken out of the block's rings, which have the most values, and returns a ring with room.
fn make_room(block: BlockId) -> Option<Arc<Ring>> {
    // This thread's values only, so that it does not wait for the values of others.
    if !sink::take_values(block.part()) {
        // Nobody takes values out before there is a pipeline: the newest are kept.
        SLOTS.lock().give_up_values(Some(block), Series::pair);
    }
    SLOTS.further_ring(block).ring.or_else(|| {
        // The pipeline ended just now, or this thread works for it.
        SLOTS.lock().give_up_values(Some(block), Series::pair);
        SLOTS.further_ring(block).ring
    })
}

/// Records `value` for the series that is [about to get a slot](deferred::on_behalf).
#[cold]
pub(crate) fn record_late(value: f64) {
    if let Some(series) = deferred::take_series() {
        deferred::record(series, value, settle);
    }
}

/// Runs the work that was deferred while this thread was busy.
fn settle() {
    let settled = deferred::settle(|deferred| {
        let (Deferred::Added(target, _) | Deferred::Value(target, _) | Deferred::Lost(target, _)) =
            deferred;
        let slot = match target {
            Target::Slot(slot) => Some((slot, false)),
            Target::Series(owner, key) => owner.late_slot(key),
        };
        let Some((slot, is_held)) = slot else {
            return false;
        };
        match deferred {
            Deferred::Added(_, n) => add_cold(slot, n),
            Deferred::Value(_, value) => record_cold(None, slot, value),
            Deferred::Lost(_, values) => {
                let own = LOCAL.with(|local| local.block.get());
                SLOTS.lock().lose_values(own, slot, values, Series::pair);
            }
        }
        if is_held {
            SLOTS.lock().let_go(slot);
        }
        true
    });
    if settled == Settled::Some {
        busy::settle_later(settle);
    }
}

/// Counts a value of the slot that is NaN or infinite, and so is dropped.
#[cold]
#[inline(never)]
pub(crate) fn note_not_finite(slot: u32) {
    let Some(_busy) = busy::enter() else {
        return;
    };
    if let Some(series) = SLOTS.lock().series_mut(slot) {
        series.values_mut().not_finite += 1;
    }
}

/// Replaces the last value of the slot, whichever thread set it. NaN and infinities are dropped, and
/// counted.
pub(crate) fn set(slot: u32, value: f64) {
    if !value.is_finite() {
        note_not_finite(slot);
        return;
    }
    // The value of an allocator whose thread is busy is not noted: the next one replaces it.
    let Some(_busy) = busy::enter() else {
        return;
    };
    if is_captured() {
        recorder::note(slot, Measurement::Value(value));
    }
    let mut slots = SLOTS.lock();
    slots.watch_value(slot, value);
    if let Some(series) = slots.series_mut(slot) {
        series.values_mut().last = Some(value);
        series.is_set = true;
    }
}

/// Whether a capture is under way on this thread.
#[inline]
pub(crate) fn is_captured() -> bool {
    LOCAL.with(|local| local.captured.get())
}

/// Begins or ends to send all measurements of this thread the cold way. The first measurement that
/// needs cells or ring finds them again.
pub(crate) fn set_captured(captured: bool) {
    LOCAL.with(|local| {
        local.captured.set(captured);
        local.directory.set(&[]);
        local.set_ring(None);
    });
}

/// The calling thread's block, if it has one.
#[cfg(feature = "dynatrace")]
fn current_block() -> Option<BlockId> {
    LOCAL.with(|local| local.block.get())
}

/// In a forked child, discards the measurements of the parent, which delivers them. To be called
/// before anything is drained. `false` if measurements of the child are discarded as well, since the
/// fork was not noticed.
#[cfg(feature = "dynatrace")]
pub(crate) fn disown_inherited() -> bool {
    super::fork::disown_inherited(current_block)
}

/// Whether cells may be in memory that a forked child shares.
#[cfg(feature = "dynatrace")]
pub(crate) fn is_fenced() -> bool {
    super::fork::is_fenced(current_block)
}

/// The calling thread's block, claimed on first use; `None` once the thread's storage is gone.
fn block() -> Option<BlockId> {
    // The first access registers the destructor; it fails once that has run.
    EXIT.try_with(|_| ()).ok()?;
    LOCAL.with(|local| {
        if local.block.get().is_none() {
            #[cfg(feature = "dynatrace")]
            super::fork::fence_at_forks(current_block);
            let (block, directory, ring) = SLOTS.claim();
            local.block.set(Some(block));
            if !local.captured.get() {
                local.directory.set(directory);
                local.set_ring(ring);
            }
        }
        local.block.get()
    })
}
