//! Logs and events about the spool: each fault once, and its end once. They come from the threads
//! that use the disk, without any lock.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::buffer::events::Event;
use crate::dynatrace::event::DeliveryEvent;
use crate::dynatrace::spool::slot::{Contents, LeftSlot, Unreadable};
use crate::dynatrace::text::printable;

/// An operation that fails.
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
                "pending requests cannot be written to the spool, and are in memory only until \
                 they can"
            }
            Self::Mark => {
                "the spool cannot record which request is being sent: after a kill that request \
                 is sent again"
            }
            Self::Remove => {
                "delivered requests cannot be removed from the spool: after a restart they are \
                 sent again"
            }
        }
    }
}

/// Reports about one spool.
#[derive(Debug)]
pub(crate) struct SpoolReport {
    path: PathBuf,
    /// Faults that have not ended.
    faults: Vec<Fault>,
    reported_unreadable: bool,
    reported_passed_over: bool,
    reported_left: Vec<LeftSlot>,
}

impl SpoolReport {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            faults: Vec::new(),
            reported_unreadable: false,
            reported_passed_over: false,
            reported_left: Vec::new(),
        }
    }

    /// Reports the result of an operation if it is news; `true` if the operation works again.
    pub(crate) fn note(&mut self, buffer: &Buffer, fault: Fault, result: io::Result<()>) -> bool {
        let known = self.faults.contains(&fault);
        match result {
            Err(error) if !known => {
                self.faults.push(fault);
                self.warn(buffer, &format!("{}: {error}", fault.explain()));
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

    /// There is no spool.
    pub(crate) fn unusable(&self, buffer: &Buffer, error: &io::Error) {
        let text = format!(
            "the spool cannot be used, and pending requests do not survive this process: {error}"
        );
        self.warn(buffer, &text);
    }

    /// There will be a spool.
    pub(crate) fn not_yet(&self, buffer: &Buffer) {
        self.warn(
            buffer,
            "the disk of the spool does not respond: until it responds, pending requests do not survive this process",
        );
    }

    pub(crate) fn works_again(&self) {
        self.log(|spool| {
            tracing::info!(target: "dt_metrics", spool, "the spool works again");
        });
    }

    pub(crate) fn unreadable(&mut self, error: &Unreadable) {
        if !std::mem::replace(&mut self.reported_unreadable, true) {
            self.log(|spool| {
                tracing::warn!(
                    target: "dt_metrics",
                    spool,
                    "a request cannot be read from the spool, and is lost: {error}; a damaged file is \
                     kept as `*.damaged` for a week"
                );
            });
        }
    }

    /// Reports the contents of this process's slot, or of slots whose processes have ended.
    pub(crate) fn found(&mut self, buffer: &Buffer, found: &Contents) {
        for left in &found.left {
            self.left(buffer, left);
        }
        let passed_over =
            found.passed_over > 0 && !std::mem::replace(&mut self.reported_passed_over, true);
        self.log(|spool| {
            let points = found.points();
            if points > 0 {
                tracing::info!(
                    target: "dt_metrics",
                    spool,
                    points,
                    "data points that an earlier process left in the spool are sent"
                );
            }
            if found.damaged > 0 {
                tracing::warn!(
                    target: "dt_metrics",
                    spool,
                    files = found.damaged,
                    points = found.damaged_points,
                    "files in the spool are damaged, and their data points are lost; the files are \
                     kept as `*.damaged` for a week"
                );
            }
            if passed_over {
                tracing::warn!(
                    target: "dt_metrics",
                    spool,
                    files = found.passed_over,
                    "files in the spool are ignored: a newer version of this library wrote them, or \
                     they cannot be read; remove them if nobody needs them"
                );
            }
        });
    }

    /// Reports a slot whose requests are not for this process, once.
    fn left(&mut self, buffer: &Buffer, left: &LeftSlot) {
        if self.reported_left.contains(left) {
            return;
        }
        self.reported_left.retain(|other| other.name != left.name);
        self.reported_left.push(left.clone());
        self.warn(buffer, &left.to_string());
    }

    /// The file of the cells is not this process's any more.
    pub(crate) fn cells_lost(&self, buffer: &Buffer, cause: &str) {
        let text = format!(
            "counts since the last push are not kept any more, since {cause}: if the process is killed, they are \
             lost; exclude the spool from cleaning, and restart the process"
        );
        self.warn(buffer, &text);
    }

    /// Another process has the slot.
    pub(crate) fn lost(&self, buffer: &Buffer) {
        self.warn(
            buffer,
            "another process took the part of the spool that this process had, and sends the \
             requests in it; somebody removed the file `lock`: exclude it from cleaning",
        );
    }

    fn warn(&self, buffer: &Buffer, text: &str) {
        let reason = format!("{}: {text}", self.path.display());
        buffer.update(|state| {
            state.health.last_error = Some(reason.clone());
            let event = DeliveryEvent::SpoolFailing { reason };
            state.events.add(Event::Delivery(event));
        });
        self.log(|spool| tracing::warn!(target: "dt_metrics", spool, "{text}"));
    }

    /// The program's subscriber runs in here: its panic must not end the thread.
    fn log(&self, log: impl FnOnce(&str)) {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            log(&printable(&self.path.to_string_lossy()));
        }));
    }
}

#[cfg(test)]
mod tests;
