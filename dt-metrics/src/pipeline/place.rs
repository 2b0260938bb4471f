//! One pipeline a process.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::Error;

/// The process in which a pipeline is installed; 0 if there is none. That of a forked child's
/// parent does not count.
static INSTALLED: AtomicU32 = AtomicU32::new(0);

/// The right to be the installed pipeline; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    process: u32,
}

impl Place {
    pub(super) fn take() -> Result<Self, Error> {
        let process = process::id();
        if INSTALLED.swap(process, Ordering::AcqRel) == process {
            return Err(Error::AlreadyInstalled);
        }
        Ok(Self { process })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // In a forked child it may be another's by now, and then it is not given back.
        let _ = INSTALLED.compare_exchange(self.process, 0, Ordering::AcqRel, Ordering::Relaxed);
    }
}
