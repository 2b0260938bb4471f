//! The calling thread's cells and values: the hit path.

use std::cell::Cell;

use super::chunk::{self, Directory, MAX_SLOTS};
use super::ring::{Put, Ring};
use super::series::Series;
use super::sink;
use super::slots::{BlockId, Slots, State};
use super::sync::Mutex;

/// A slot that is not known yet. No directory reaches so far, so it takes the cold path.
pub(super) const NO_SLOT: u32 = MAX_SLOTS;

pub(super) static SLOTS: Slots<Series> = Slots {
    state: Mutex::new(State::new()),
};

/// What a thread knows of its block. Without a destructor, so that an access is one instruction
/// and works at any time of the thread's life.
struct Local {
    directory: Cell<Directory>,
    ring: Cell<Option<&'static Ring>>,
    block: Cell<Option<BlockId>>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            directory: Cell::new(&[]),
            ring: Cell::new(None),
            block: Cell::new(None),
        }
    };

    /// Hands the block back when the thread ends.
    static EXIT: Exit = const { Exit };
}

struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            // From here on this thread takes the cold path, and there the shared block.
            local.directory.set(&[]);
            local.ring.set(None);
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

/// As [`add`]; who sees it sees what this thread did before.
#[inline]
pub(super) fn add_release(slot: u32, n: u64) -> bool {
    LOCAL.with(|local| chunk::add_release(local.directory.get(), slot, n))
}

/// Adds `n` where this thread has no cell for the slot yet, or no longer.
#[cold]
#[inline(never)]
pub(super) fn add_cold(slot: u32, n: u64) {
    if slot >= NO_SLOT {
        return;
    }
    match block() {
        None => SLOTS.add_shared(slot, n),
        Some(block) => LOCAL.with(|local| {
            local.directory.set(SLOTS.extend(block, slot));
            chunk::add(local.directory.get(), slot, n);
        }),
    }
}

/// Records `value` for the slot.
#[inline]
pub(super) fn record(slot: u32, value: f64) {
    let put = LOCAL.with(|local| local.ring.get().map(|ring| ring.put(slot, value)));
    if put != Some(Put::Done) {
        record_cold(put, slot, value);
    }
}

#[cold]
#[inline(never)]
fn record_cold(put: Option<Put>, slot: u32, value: f64) {
    if slot >= NO_SLOT {
        return;
    }
    match put {
        Some(Put::Done) => {}
        Some(Put::HalfFull) => sink::wake(),
        Some(Put::Full) => {
            let taken = sink::take_values();
            if !taken {
                // Nobody takes them before the pipeline is there: the newest count.
                SLOTS.lock().give_up_values(KEPT_VALUES);
            }
            if put_again(slot, value) == Some(Put::Full) {
                // The pipeline went just now.
                SLOTS.lock().give_up_values(KEPT_VALUES);
                put_again(slot, value);
            }
        }
        None => match block() {
            None => SLOTS.lock().record_shared(slot, value),
            Some(block) => {
                LOCAL.with(|local| local.ring.set(Some(SLOTS.ring(block))));
                put_again(slot, value);
            }
        },
    }
}

fn put_again(slot: u32, value: f64) -> Option<Put> {
    LOCAL.with(|local| Some(local.ring.get()?.put(slot, value)))
}

/// Values of a thread that are kept until there is a pipeline.
pub(super) const KEPT_VALUES: u64 = 4_096;

/// The calling thread's block, claimed on first use; `None` once the thread's storage is gone.
fn block() -> Option<BlockId> {
    // The first access registers the destructor; it fails once that has run.
    EXIT.try_with(|_| ()).ok()?;
    LOCAL.with(|local| {
        if local.block.get().is_none() {
            let (block, directory, ring) = SLOTS.claim();
            local.block.set(Some(block));
            local.directory.set(directory);
            local.ring.set(ring);
        }
        local.block.get()
    })
}
