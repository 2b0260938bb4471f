//! Which process this is, and whether it was forked from the one in which something was made.
//!
//! A forked child has a copy of the parent's memory, but only the thread that forked: no thread of
//! this library runs there, and whatever such a thread would have answered never comes.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg_attr(all(unix, not(miri)), path = "process/unix.rs")]
#[cfg_attr(not(all(unix, not(miri))), path = "process/other.rs")]
mod platform;

pub(crate) use self::platform::monotonic_nanoseconds;
#[cfg(feature = "dynatrace")]
pub(crate) use self::platform::{at_exit, at_fork};

/// A process, by its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Process(u32);

impl Process {
    /// The calling process. Async-signal-safe on Unix: it is `getpid`.
    pub(crate) fn current() -> Self {
        Self(process::id())
    }

    /// Whether the caller runs in another process than this one, and so in a forked child.
    pub(crate) fn is_forked(self) -> bool {
        self != Self::current()
    }
}

/// Something that one process at a time claims. A forked child inherits its parent's claim, and can
/// detect that the claim is not its own.
pub(crate) struct Claim(AtomicU32);

/// Not the number of any process that runs a program.
const UNCLAIMED: u32 = 0;

impl Claim {
    pub(crate) const fn none() -> Self {
        Self(AtomicU32::new(UNCLAIMED))
    }

    /// Claims it for the calling process, and returns the process that had it.
    pub(crate) fn take(&self) -> Option<Process> {
        match self.0.swap(process::id(), Ordering::AcqRel) {
            UNCLAIMED => None,
            id => Some(Process(id)),
        }
    }

    /// Claims it for the calling process, unless any process has it.
    pub(crate) fn take_if_unclaimed(&self) {
        if self.0.load(Ordering::Relaxed) == UNCLAIMED {
            self.0.store(process::id(), Ordering::Relaxed);
        }
    }

    /// Releases the claim of `process`, unless another process has it by now.
    pub(crate) fn release(&self, process: Process) {
        let Process(id) = process;
        // Failing means that it is another's.
        let _ = self
            .0
            .compare_exchange(id, UNCLAIMED, Ordering::AcqRel, Ordering::Relaxed);
    }
}
