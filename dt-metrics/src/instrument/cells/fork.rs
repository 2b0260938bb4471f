//! The fence at a fork: measurements of the parent stay with the parent, and the child begins
//! without any.
//!
//! The lock of the slots is held across the fork, and no other thread is on a
//! [cold path](super::busy), so that the child does not inherit a lock that a thread of the parent holds.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, RwLockWriteGuard};
use std::time::Duration;

use super::busy;
use super::kept;
use super::slots::{BlockId, SlotTable};
use super::store::{SLOTS, Series};
use super::sync::MutexGuard;
use crate::process::{Claim, Process, at_fork};

/// The process whose measurements the slots hold.
static MEASURED_BY: Claim = Claim::none();

/// The block of the calling thread, if it has one.
pub(super) type CurrentBlock = fn() -> Option<BlockId>;

/// Whether the functions below are called at forks.
static IS_CALLED: AtomicBool = AtomicBool::new(false);

/// Set once forks call the functions below, in this process and in all that it forks.
static FENCED: OnceLock<CurrentBlock> = OnceLock::new();

/// How often a fork tries to take the locks, with a pause in between: for about a tenth of a
/// second. They are free within a fraction of that, unless the thread that forks holds one, in a
/// handler of a signal.
const ATTEMPTS: u32 = 1_000;
const PAUSE: Duration = Duration::from_micros(100);

thread_local! {
    /// The locks, between the calls before and after a fork of this thread.
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// The locks. The gate is open before the slots are free, since deferred work passes through it.
struct Held {
    _gate: RwLockWriteGuard<'static, ()>,
    slots: MutexGuard<'static, SlotTable<Series>>,
}

/// Makes sure that forks are fenced. To be called before a thread measures for the first time.
pub(super) fn fence_at_forks(current_block: CurrentBlock) {
    MEASURED_BY.take_if_unclaimed();
    if FENCED.set(current_block).is_ok() {
        // If it fails, measurements before an installation in the child are discarded.
        let is_called = at_fork(before_fork, after_fork_in_parent, after_fork_in_child);
        IS_CALLED.store(is_called, Ordering::Relaxed);
    }
}

/// Whether a forked child [gets a copy](kept::detach_all) of memory that outlives the process.
pub(super) fn is_fenced(current_block: CurrentBlock) -> bool {
    fence_at_forks(current_block);
    IS_CALLED.load(Ordering::Relaxed)
}

extern "C" fn before_fork() {
    let mut closed = None;
    let held = (0..ATTEMPTS).find_map(|attempt| {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        let gate = closed.take().or_else(busy::try_close)?;
        let Some(slots) = SLOTS.try_lock() else {
            closed = Some(gate);
            return None;
        };
        Some(Held { _gate: gate, slots })
    });
    hold(held);
}

extern "C" fn after_fork_in_parent() {
    hold(None);
}

extern "C" fn after_fork_in_child() {
    kept::detach_all();
    let lock = HELD.try_with(|held| held.try_borrow_mut().ok()?.take());
    if let Ok(Some(mut held)) = lock {
        let own = FENCED.get().and_then(|current_block| current_block());
        held.slots.fence(own, Series::forget);
        MEASURED_BY.take();
    }
}

fn hold(locks: Option<Held>) {
    let set = |held: &RefCell<Option<Held>>| {
        // The locks before are dropped when the cell is not borrowed any more.
        let mut held = held.try_borrow_mut().ok()?;
        std::mem::replace(&mut *held, locks)
    };
    // Fails at the end of the thread's life: then the fork is not fenced.
    HELD.try_with(set).ok();
}

/// In a forked child, discards the measurements of the parent, which delivers them. To be called
/// before anything is drained. `false` if the fork was not fenced: then measurements of the child
/// are discarded as well.
pub(super) fn disown_inherited(current_block: CurrentBlock) -> bool {
    fence_at_forks(current_block);
    let is_fenced = !MEASURED_BY.take().is_some_and(Process::is_forked);
    let mut slots = SLOTS.lock();
    if !is_fenced {
        slots.fence(None, Series::forget);
    }
    slots.disown();
    is_fenced
}
