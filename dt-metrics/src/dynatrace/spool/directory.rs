//! The directory that a program names, shared by the processes of one user.

use std::io;
use std::path::{Path, PathBuf};

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::error::SpoolError;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::handle::{DirectoryHandle, OpenError};
use crate::dynatrace::spool::slot::{Contents, Slot, Stored};

/// The number of processes on one host that can have a spool in the same directory.
const MAX_SLOTS: usize = 1_000;

/// The directory and the slot of this process in it.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    spool: DirectoryHandle,
    format: Format,
    pub(crate) slot: Slot,
}

impl Directory {
    /// Takes a slot for requests in this format, and returns what is in it.
    pub(crate) fn open(path: &Path, format: Format) -> Result<(Self, Contents), OpenError> {
        let path = std::path::absolute(path).map_err(|_| SpoolError::NotADirectory)?;
        let spool = DirectoryHandle::open(&path)?;
        let slot = claimable(&spool, format).next().ok_or_else(full)??;
        let contents = slot.scan()?;
        let directory = Self {
            path,
            spool,
            format,
            slot,
        };
        Ok((directory, contents))
    }

    /// After the slot was removed, renamed or taken away: locks it again, or else takes an empty slot
    /// and moves the files there that are left. Returns what is in the slot.
    pub(crate) fn reopen(&mut self) -> Result<Contents, OpenError> {
        if self.slot.relock()? {
            return Ok(self.slot.scan()?);
        }
        self.spool = DirectoryHandle::open(&self.path)?;
        for slot in claimable(&self.spool, self.format) {
            let slot = slot?;
            // What is in another slot has numbers of its own.
            if slot.scan()?.last_sequence == 0 {
                let old = std::mem::replace(&mut self.slot, slot);
                return Ok(self.move_from(&old)?);
            }
        }
        Err(full().into())
    }

    /// Moves all files of a slot that this process has had, under their numbers.
    fn move_from(&self, old: &Slot) -> io::Result<Contents> {
        // Most likely the old slot is gone, and so has nothing.
        for Stored { id, .. } in old.scan().unwrap_or_default().stored {
            // A file that cannot be moved counts as lost, and must not be sent twice.
            if self.slot.adopt(old, id, id).is_err() {
                old.remove(id)?;
            }
        }
        self.slot.scan()
    }

    /// Takes over the files of processes that have ended, the oldest first, up to `room` bytes.
    /// `sequence` returns the number of each file in this slot.
    pub(crate) fn adopt(&self, mut room: u64, mut sequence: impl FnMut() -> u64) -> Contents {
        let mut taken = Contents::default();
        for name in slots(self.format) {
            if room > 0
                && let Ok(Some(other)) = Slot::claim_existing(&self.spool, &name, self.format)
                && let Ok(contents) = other.scan()
            {
                self.take(&other, contents, &mut taken, &mut room, &mut sequence);
            }
        }
        taken
    }

    /// Gives the files of this slot new numbers, which are higher than all of theirs.
    pub(crate) fn renumber(
        &self,
        contents: Contents,
        mut sequence: impl FnMut() -> u64,
    ) -> Contents {
        let mut taken = Contents::default();
        let mut room = u64::MAX;
        self.take(&self.slot, contents, &mut taken, &mut room, &mut sequence);
        taken
    }

    /// Moves files of the slot `from` into the slot of this process, while there is room. A file
    /// that cannot be moved stays for another process.
    fn take(
        &self,
        from: &Slot,
        contents: Contents,
        taken: &mut Contents,
        room: &mut u64,
        sequence: &mut impl FnMut() -> u64,
    ) {
        taken.damaged += contents.damaged;
        taken.damaged_lines += contents.damaged_lines;
        taken.passed_over += contents.passed_over;
        for Stored { id, header } in contents.stored {
            let Some(left) = room.checked_sub(header.bytes) else {
                *room = 0;
                break;
            };
            let new_id = RequestId::of(sequence());
            if self.slot.adopt(from, id, new_id).is_ok() {
                *room = left;
                taken.stored.push(Stored { id: new_id, header });
                if contents.sending.contains(&id) {
                    taken.sending.push(new_id);
                    // If this fails, the mark names a file that is gone, and is ignored.
                    let _ = from.mark(None);
                }
            }
        }
    }
}

/// Claims the slots that no process holds, in order: existing ones, then new ones.
fn claimable(spool: &DirectoryHandle, format: Format) -> impl Iterator<Item = io::Result<Slot>> {
    slots(format).filter_map(move |name| Slot::claim(spool, &name, format).transpose())
}

/// The names that slots can have, in order.
fn slots(format: Format) -> impl Iterator<Item = String> {
    let prefix = format.slot_prefix();
    (0..MAX_SLOTS).map(move |index| format!("{prefix}{index:03}"))
}

fn full() -> io::Error {
    io::Error::other("too many processes use it")
}

#[cfg(test)]
mod tests;
