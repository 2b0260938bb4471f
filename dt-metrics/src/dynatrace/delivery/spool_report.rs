//! What is said about the spool: a fault once, its end once. Said on the threads that use the
//! disk, without any lock.

use crate::dynatrace::buffer::Shared;
use crate::dynatrace::spool::slot::{Contents, Unreadable};
use std::fmt::Display;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// What cannot be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Write,
    Remove,
    Mark,
}

impl Fault {
    fn explain(self) -> &'static str {
        match self {
            Self::Write => {
                "lines cannot be written to the spool, and wait in memory only until they can"
            }
            Self::Mark => {
                "the spool cannot say which lines may have been sent: after a kill they are sent \
                 again"
            }
            Self::Remove => {
                "lines that are done with cannot be removed from the spool: they are sent again \
                 after a restart"
            }
        }
    }
}

/// Tells about one spool.
#[derive(Debug)]
pub(crate) struct Report {
    path: PathBuf,
    /// What went wrong the last time.
    faults: Vec<Fault>,
    damaged_said: bool,
    passed_over_said: bool,
}

impl Report {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            faults: Vec::new(),
            damaged_said: false,
            passed_over_said: false,
        }
    }

    /// Says what is new about it; `true` if it works again.
    pub(crate) fn note(&mut self, shared: &Shared, fault: Fault, result: io::Result<()>) -> bool {
        let known = self.faults.contains(&fault);
        match result {
            Err(error) if !known => {
                self.faults.push(fault);
                self.warn(shared, &format!("{}: {error}", fault.explain()));
                false
            }
            Ok(()) if known => {
                self.faults.retain(|other| *other != fault);
                self.works_again();
                true
            }
            _ => false,
        }
    }

    /// There is none.
    pub(crate) fn unusable(&self, shared: &Shared, error: &io::Error) {
        let text =
            format!("there is no spool, and lines that wait do not survive this process: {error}");
        self.warn(shared, &text);
    }

    /// There will be one.
    pub(crate) fn not_yet(&self, shared: &Shared) {
        self.warn(
            shared,
            "the disk does not answer: until it does, lines that wait do not survive this process",
        );
    }

    pub(crate) fn works_again(&self) {
        self.say(|path| {
            tracing::info!(target: "dt_metrics", spool = %path, "the spool works again");
        });
    }

    pub(crate) fn unreadable(&mut self, error: &Unreadable) {
        if !std::mem::replace(&mut self.damaged_said, true) {
            self.say(|path| {
                tracing::warn!(
                    target: "dt_metrics",
                    spool = %path,
                    "lines cannot be read from the spool, and are lost: {error}"
                );
            });
        }
    }

    pub(crate) fn found(&mut self, found: &Contents) {
        if !found.stored.is_empty() {
            let lines: u64 = found.stored.iter().map(|stored| stored.header.lines).sum();
            self.say(|path| {
                tracing::info!(
                    target: "dt_metrics",
                    spool = %path,
                    lines,
                    "lines that an earlier process left are sent"
                );
            });
        }
        if found.damaged > 0 {
            self.say(|path| {
                tracing::warn!(
                    target: "dt_metrics",
                    spool = %path,
                    files = found.damaged,
                    lines = found.damaged_lines,
                    "files in the spool were not whole, and were removed"
                );
            });
        }
        if found.passed_over > 0 && !std::mem::replace(&mut self.passed_over_said, true) {
            self.say(|path| {
                tracing::warn!(
                    target: "dt_metrics",
                    spool = %path,
                    files = found.passed_over,
                    "files in the spool are left alone: a newer version of this library wrote \
                     them, or they cannot be read; remove them if nobody needs them"
                );
            });
        }
    }

    fn warn(&self, shared: &Shared, text: &str) {
        let reason = format!("{}: {text}", self.path.display());
        shared.disk_changed(|state| {
            state.health.last_error = Some(reason.clone());
            state.news.spool_fails(reason);
        });
        self.say(|path| tracing::warn!(target: "dt_metrics", spool = %path, "{text}"));
    }

    /// The program's subscriber runs in here: its panic must not end the thread.
    fn say(&self, say: impl FnOnce(&dyn Display)) {
        let path = self.path.display();
        let _ = catch_unwind(AssertUnwindSafe(|| say(&path)));
    }
}

#[cfg(test)]
mod tests;
