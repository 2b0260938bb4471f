//! Signals: delivering pending metrics before a signal ends the process.
//!
//! This folder may import `process`, and nothing else of the crate.

#[cfg(unix)]
mod unix;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The work to do before the process ends.
type Flush = Arc<dyn Fn() + Send + Sync>;

/// The flush of the installed pipeline.
static FLUSH: Mutex<Option<Flush>> = Mutex::new(None);

/// Flushes on SIGTERM and SIGINT until dropped.
pub(super) struct Termination(());

impl Termination {
    /// Begins to watch. On any platform but Unix it only logs a warning: there are no such signals,
    /// and a console program ends in other ways.
    #[cfg_attr(
        not(unix),
        expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")
    )]
    pub(super) fn watch(flush: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        *FLUSH.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(flush));
        // From here on also dropped on an error.
        let watching = Self(());
        #[cfg(unix)]
        unix::watch(run_flush)?;
        #[cfg(not(unix))]
        tracing::warn!(
            target: "dt_metrics",
            "`flush_on_termination` does nothing on this platform: call `shutdown` instead"
        );
        Ok(watching)
    }
}

impl Drop for Termination {
    fn drop(&mut self) {
        #[cfg(unix)]
        unix::unwatch();
        *FLUSH.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Flushes the pipeline that is installed now, if there is one.
#[cfg(unix)]
fn run_flush() {
    let flush = FLUSH.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(flush) = flush {
        flush();
    }
}
