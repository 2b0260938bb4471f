//! The directory that a program names, shared by the processes of one user.

use std::io;
use std::path::{Path, PathBuf};

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::error::SpoolError;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::slot::{Contents, Slot, Stored, create_dir};

/// The number of processes on one host that can have a spool in the same directory.
const MAX_SLOTS: usize = 1_000;

/// The directory and the slot of this process in it.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    format: Format,
    pub(crate) slot: Slot,
}

/// Why there is no spool.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The directory has to be changed.
    #[error(transparent)]
    Unusable(#[from] SpoolError),
    /// Another attempt may succeed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Directory {
    /// Takes a slot for requests in this format, and returns what is in it.
    pub(crate) fn open(path: &Path, format: Format) -> Result<(Self, Contents), OpenError> {
        let path = std::path::absolute(path).map_err(|_| SpoolError::NotADirectory)?;
        prepare(&path)?;
        let slot = claimable(&path, format).next().ok_or_else(full)??;
        let contents = slot.scan()?;
        let directory = Self { path, format, slot };
        Ok((directory, contents))
    }

    /// After the slot was removed or taken away: takes it again, or else an empty slot, and returns
    /// what is in it.
    pub(crate) fn reopen(&mut self) -> Result<Contents, OpenError> {
        prepare(&self.path)?;
        let same = Slot::claim(self.slot.path().into(), self.format).transpose();
        for slot in same.into_iter().chain(claimable(&self.path, self.format)) {
            let slot = slot?;
            let contents = slot.scan()?;
            if slot.path() == self.slot.path() || contents.last_sequence == 0 {
                self.slot = slot;
                return Ok(contents);
            }
        }
        Err(full().into())
    }

    /// Takes over the files of processes that have ended, the oldest first, up to `room` bytes.
    /// `sequence` returns the number of each file in this slot.
    pub(crate) fn adopt(&self, mut room: u64, mut sequence: impl FnMut() -> u64) -> Contents {
        let mut taken = Contents::default();
        for path in slots(&self.path, self.format) {
            if room > 0
                && path != self.slot.path()
                && path.is_dir()
                && let Ok(Some(other)) = Slot::claim(path, self.format)
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

/// Creates the directory if there is none, and checks that it is safe to use.
fn prepare(path: &Path) -> Result<(), OpenError> {
    if path.exists() && !path.is_dir() {
        return Err(SpoolError::NotADirectory.into());
    }
    create_dir(path, true)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let directory = path.metadata()?;
        let mode = directory.mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(SpoolError::Writable { mode }.into());
        }
        let owner = directory.uid();
        if owner != rustix::process::geteuid().as_raw() && owner != 0 {
            return Err(SpoolError::Foreign { owner }.into());
        }
    }
    Ok(())
}

/// Claims the slots that no process holds, in order: existing ones, then new ones.
fn claimable(path: &Path, format: Format) -> impl Iterator<Item = io::Result<Slot>> {
    slots(path, format).filter_map(move |slot| Slot::claim(slot, format).transpose())
}

/// The paths that slots can have, in order.
fn slots(path: &Path, format: Format) -> impl Iterator<Item = PathBuf> {
    let prefix = format.slot_prefix();
    (0..MAX_SLOTS).map(move |index| path.join(format!("{prefix}{index:03}")))
}

fn full() -> io::Error {
    io::Error::other("too many processes use it")
}

#[cfg(test)]
mod tests;
