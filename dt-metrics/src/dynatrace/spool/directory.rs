//! The directory that a program names, shared by the processes of this user.

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::error::SpoolError;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::slot;
use crate::dynatrace::spool::slot::{Contents, Slot, Stored};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// More processes than that on one host have to go without.
const MAX_SLOTS: usize = 1_000;

/// The directory, and the slot in it that is ours.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    format: Format,
    slot: Slot,
}

/// Why there is no spool.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Somebody has to look at it.
    #[error(transparent)]
    Unusable(#[from] SpoolError),
    /// It may work another time.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Directory {
    /// Takes a slot for what is written like this, and tells what is in it.
    pub(crate) fn open(path: &Path, format: Format) -> Result<(Self, Contents), OpenError> {
        let path = std::path::absolute(path).map_err(|_| SpoolError::NotADirectory)?;
        prepare(&path)?;
        let slot = claimable(&path, format).next().ok_or_else(full)??;
        let contents = slot.scan()?;
        let directory = Self { path, format, slot };
        Ok((directory, contents))
    }

    /// After the slot was taken away: takes it again, else an empty one. Tells what is in it.
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

    /// Whether what is written is there for the next process to find.
    pub(crate) fn is_in_place(&self) -> bool {
        self.slot.is_in_place()
    }

    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Takes over what processes left that have ended, the oldest first, up to so many bytes.
    /// `sequence` gives each file its number among ours.
    pub(crate) fn adopt(&self, mut room: u64, mut sequence: impl FnMut() -> u64) -> Contents {
        let mut all = Contents::default();
        for path in slots(&self.path, self.format) {
            if path == self.slot.path() {
                continue;
            }
            let Ok(Some(other)) = Slot::claim(path, self.format) else {
                continue;
            };
            let Ok(contents) = other.scan() else {
                continue;
            };
            all.damaged += contents.damaged;
            all.damaged_lines += contents.damaged_lines;
            all.passed_over += contents.passed_over;
            for Stored { place, header } in contents.stored {
                let Some(left) = room.checked_sub(header.bytes) else {
                    return all;
                };
                let to = RequestId::of(sequence());
                if self.slot.adopt(&other, place, to).is_err() {
                    break;
                }
                if contents.sending.contains(&place) {
                    all.sending.push(to);
                    // If not: it is the mark of a file that is not there.
                    let _ = other.mark(None);
                }
                room = left;
                all.stored.push(Stored { place: to, header });
            }
        }
        all
    }

    /// Gives the files of this slot other numbers, which are higher than all they have.
    pub(crate) fn renumber(
        &self,
        contents: Contents,
        mut sequence: impl FnMut() -> u64,
    ) -> Contents {
        let mut renumbered = Contents {
            stored: Vec::new(),
            sending: Vec::new(),
            ..contents
        };
        for Stored { place, header } in contents.stored {
            let to = RequestId::of(sequence());
            // What cannot be renamed stays for the next process.
            if self.slot.adopt(&self.slot, place, to).is_ok() {
                renumbered.stored.push(Stored { place: to, header });
                if contents.sending.contains(&place) {
                    renumbered.sending.push(to);
                }
            }
        }
        renumbered
    }
}

fn prepare(path: &Path) -> Result<(), OpenError> {
    if path.exists() && !path.is_dir() {
        return Err(SpoolError::NotADirectory.into());
    }
    slot::create_dir(path, true)?;
    slot::check_shared(&path.metadata()?)?;
    Ok(())
}

/// The slots that nobody holds, the first ones first; new ones after those.
fn claimable(path: &Path, format: Format) -> impl Iterator<Item = io::Result<Slot>> {
    (0..MAX_SLOTS).filter_map(move |index| {
        let name = format!("{}{index:03}", format.slot_prefix());
        Slot::claim(path.join(name), format).transpose()
    })
}

/// The slots that there are, in order; none if the directory cannot be read.
fn slots(path: &Path, format: Format) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut slots: Vec<_> = entries
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with(format.slot_prefix())
        })
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    slots.sort();
    slots
}

fn full() -> io::Error {
    io::Error::other("too many processes use it")
}

#[cfg(test)]
mod tests;
