//! Delivering before a signal ends the process.

#[cfg(unix)]
mod unix;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// What is done before the process ends.
type Flush = Arc<dyn Fn() + Send + Sync>;

/// That of the installed pipeline.
static FLUSH: Mutex<Option<Flush>> = Mutex::new(None);

/// Flushes on SIGTERM and SIGINT until dropped.
pub(super) struct Termination(());

impl Termination {
    /// On anything but Unix a warning is all it does: there is no such signal, and a console
    /// program is ended by other ways.
    #[cfg_attr(
        not(unix),
        expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")
    )]
    pub(super) fn watch(flush: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        *FLUSH.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(flush));
        // From here on dropped on an error, too.
        let watching = Self(());
        #[cfg(unix)]
        unix::watch()?;
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

/// Does what is to be done.
#[cfg(unix)]
fn flush() {
    let flush = FLUSH.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(flush) = flush {
        flush();
    }
}
