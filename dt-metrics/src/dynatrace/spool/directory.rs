//! The directory that a program names, shared by the processes of one user.

use std::io;
use std::path::{Path, PathBuf};

use crate::dynatrace::error::SpoolError;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::handle::{DirectoryHandle, OpenError};
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::spool::slot::{Claim, Contents, LeftSlot, Slot, Standing, Stored};

/// The number of processes on one host that can have a spool in the same directory.
const MAX_SLOTS: usize = 1_000;

/// The directory and the slot of this process in it.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    spool: DirectoryHandle,
    recipient: Recipient,
    pub(crate) slot: Slot,
}

impl Directory {
    /// Takes a slot for requests to this recipient, and returns its contents. `recover` turns the cells of a
    /// process that has died into requests.
    pub(crate) fn open(
        path: &Path,
        recipient: Recipient,
        recover: impl FnOnce(&Slot, &mut Contents),
    ) -> Result<(Self, Contents), OpenError> {
        let path = std::path::absolute(path).map_err(|_| SpoolError::NotADirectory)?;
        let spool = DirectoryHandle::open(&path)?;
        let mut left = Vec::new();
        let has_room = |slot: &Slot| Ok(!slot.has_newer_cells());
        let slot = claim(&spool, &recipient, &mut left, has_room)?;
        let mut contents = Contents {
            left,
            ..slot.scan()?
        };
        recover(&slot, &mut contents);
        let directory = Self {
            path,
            spool,
            recipient,
            slot,
        };
        Ok((directory, contents))
    }

    /// The slots in a directory whose requests a process with this recipient leaves there. Creates
    /// nothing.
    pub(crate) fn left(path: &Path, recipient: &Recipient) -> Result<Vec<LeftSlot>, OpenError> {
        if !path.exists() {
            return Ok(Vec::new());
        }
        let path = std::path::absolute(path).map_err(|_| SpoolError::NotADirectory)?;
        let spool = DirectoryHandle::open(&path)?;
        let claims = slots(recipient).map(|name| Slot::claim_existing(&spool, &name, recipient));
        let left = |claim| match claim {
            Ok(Claim::Left(left)) => Some(left),
            _ => None,
        };
        Ok(claims.filter_map(left).collect())
    }

    /// From now on requests are for another recipient.
    pub(crate) fn readdress(&mut self, recipient: Recipient) -> io::Result<()> {
        self.recipient = recipient.clone();
        self.slot.readdress(recipient)
    }

    /// After the slot was removed, renamed or taken away: takes an empty slot. The files of the old
    /// slot are moved there, unless another process owns it. Returns the contents of the slot.
    pub(crate) fn reopen(&mut self, standing: Standing) -> Result<Contents, OpenError> {
        self.spool = DirectoryHandle::open(&self.path)?;
        // The files of another slot have their own numbers.
        let is_empty = |slot: &Slot| Ok(slot.scan()?.last_sequence == 0 && !slot.has_cells());
        let slot = claim(&self.spool, &self.recipient, &mut Vec::new(), is_empty)?;
        let old = std::mem::replace(&mut self.slot, slot);
        if standing == Standing::Moved {
            return Ok(self.move_from(&old)?);
        }
        Ok(self.slot.scan()?)
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
    /// `sequence` returns the number of each file in this slot. Damaged files are left there, up to
    /// `damaged_room` bytes. `recover` turns the cells of such a process into requests.
    pub(crate) fn adopt(
        &self,
        mut room: u64,
        damaged_room: u64,
        mut sequence: impl FnMut() -> u64,
        mut recover: impl FnMut(&Slot, &mut Contents),
    ) -> Contents {
        let mut taken = Contents::default();
        for name in slots(&self.recipient) {
            if room == 0 {
                break;
            }
            match Slot::claim_existing(&self.spool, &name, &self.recipient) {
                Ok(Claim::Taken(other)) => {
                    if let Ok(mut contents) = other.scan() {
                        recover(&other, &mut contents);
                        self.take(&other, contents, &mut taken, &mut room, &mut sequence);
                    }
                    // If this fails, the next call tries it again.
                    let _ = other.tidy_damaged(damaged_room);
                }
                Ok(Claim::Left(left)) => taken.left.push(left),
                Ok(Claim::NotFree) | Err(_) => {}
            }
        }
        taken
    }

    /// Renumbers the files of this slot, so that their numbers are higher than the given ones.
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
        taken.damaged_points = taken.damaged_points.saturating_add(contents.damaged_points);
        taken.passed_over += contents.passed_over;
        taken.left.extend(contents.left);
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

/// Claims the first slot that no process holds and that is `wanted`: an existing one, or else a new
/// one. Adds the slots whose requests are not for this process to `left`.
fn claim(
    spool: &DirectoryHandle,
    recipient: &Recipient,
    left: &mut Vec<LeftSlot>,
    wanted: impl Fn(&Slot) -> io::Result<bool>,
) -> io::Result<Slot> {
    for name in slots(recipient) {
        match Slot::claim(spool, &name, recipient)? {
            Claim::Taken(slot) if wanted(&slot)? => return Ok(slot),
            Claim::Left(slot) => left.push(slot),
            Claim::Taken(_) | Claim::NotFree => {}
        }
    }
    Err(full())
}

/// The names that slots can have, in order.
fn slots(recipient: &Recipient) -> impl Iterator<Item = String> + use<> {
    let prefix = recipient.format.slot_prefix();
    (0..MAX_SLOTS).map(move |index| format!("{prefix}{index:03}"))
}

fn full() -> io::Error {
    io::Error::other("too many processes use it")
}

#[cfg(test)]
mod tests;
