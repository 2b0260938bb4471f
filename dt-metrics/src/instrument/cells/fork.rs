//! The fence at a fork: what the parent measured is the parent's, and what the child measures from
//! then on is its own.
//!
//! The lock of the slots is held across the fork, so that the child does not inherit a lock that a
//! thread of the parent holds.

use std::cell::RefCell;
use std::sync::{MutexGuard, OnceLock};
use std::time::Duration;

use super::slots::{BlockId, SlotTable};
use super::store::{SLOTS, Series};
use crate::process::{Claim, Process, at_fork};

/// The process whose measurements the slots hold.
static MEASURED_BY: Claim = Claim::none();

/// The block of the calling thread, if it has one.
pub(super) type CurrentBlock = fn() -> Option<BlockId>;

/// Set once forks call the functions below, in this process and in all that it forks.
static FENCED: OnceLock<CurrentBlock> = OnceLock::new();

/// How often a fork asks for the lock, with a pause in between: for about a tenth of a second. The
/// lock is free within a fraction of that, unless the thread that forks holds it, in a handler of a
/// signal.
const ATTEMPTS: u32 = 1_000;
const PAUSE: Duration = Duration::from_micros(100);

thread_local! {
    /// The lock, between the calls before and after a fork of this thread.
    static HELD: RefCell<Option<MutexGuard<'static, SlotTable<Series>>>> =
        const { RefCell::new(None) };
}

/// Makes sure that forks are fenced. To be called before a thread measures for the first time.
pub(super) fn fence_at_forks(current_block: CurrentBlock) {
    MEASURED_BY.take_if_unclaimed();
    if FENCED.set(current_block).is_ok() {
        // If it fails, measurements before an installation in the child are discarded.
        at_fork(before_fork, after_fork_in_parent, after_fork_in_child);
    }
}

extern "C" fn before_fork() {
    let lock = (0..ATTEMPTS).find_map(|attempt| {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        SLOTS.try_lock()
    });
    hold(lock);
}

extern "C" fn after_fork_in_parent() {
    hold(None);
}

extern "C" fn after_fork_in_child() {
    let lock = HELD.try_with(|held| held.try_borrow_mut().ok()?.take());
    if let Ok(Some(mut slots)) = lock {
        let own = FENCED.get().and_then(|current_block| current_block());
        slots.fence(own, Series::forget);
        MEASURED_BY.take();
    }
}

fn hold(lock: Option<MutexGuard<'static, SlotTable<Series>>>) {
    let set = |held: &RefCell<Option<MutexGuard<'static, SlotTable<Series>>>>| {
        if let Ok(mut held) = held.try_borrow_mut() {
            *held = lock;
        }
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
