//! The directory of one process: its locks, and a file for each request.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::time::SystemTime;

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::dynatrace::spool::record::{self, Damage, Header, MAX_HEADER};

/// The file that is locked while the slot is held, in addition to the directory: some file systems
/// share only the locks of files among hosts, and some platforms have no locks of directories.
const LOCK: &str = "lock";
/// The extension of a file that may be incomplete.
const PART: &str = "part";
/// The file that names the request in flight.
const MARK: &str = "sending";

/// The highest number of a request. Files with higher numbers are not from this library, and would
/// leave no numbers for the requests to come.
const MAX_SEQUENCE: u64 = u64::MAX / 2;

/// A slot that is held by this process until this value is dropped or the process ends, in
/// whatever way. A child after `fork` holds it as well, as long as the child lives.
#[derive(Debug)]
pub(crate) struct Slot {
    directory: DirectoryHandle,
    format: Format,
    lock: File,
}

/// A file that was found, with its first line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    pub(crate) id: RequestId,
    pub(crate) header: Header,
}

#[cfg(test)]
impl Stored {
    pub(crate) fn new(id: RequestId, collected: SystemTime, body: &Body) -> Self {
        let header = Header::of(collected, body);
        Self { id, header }
    }
}

/// What was found in a slot.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Contents {
    /// The files in order.
    pub(crate) stored: Vec<Stored>,
    /// The number of files that were removed because they cannot be read.
    pub(crate) damaged: u64,
    /// The number of data points that the damaged files are known to have had.
    pub(crate) damaged_lines: u64,
    /// The number of files that stay, since a newer version wrote them or they cannot be opened.
    pub(crate) passed_over: u64,
    /// The requests in `stored` that were in flight when the process ended.
    pub(crate) sending: Vec<RequestId>,
    /// The highest number of a file, or a higher one.
    pub(crate) last_sequence: u64,
}

/// Why a file cannot be read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Damaged(#[from] Damage),
}

impl Slot {
    /// Creates the directory if there is none, and locks it. `None` if another process holds it, or
    /// if other users can enter it.
    pub(crate) fn claim(
        spool: &DirectoryHandle,
        name: &str,
        format: Format,
    ) -> io::Result<Option<Self>> {
        spool.create_subdirectory(name)?;
        Self::claim_existing(spool, name, format)
    }

    /// Locks the directory, if there is one. `None` if another process holds it, or if other users
    /// can enter it.
    pub(crate) fn claim_existing(
        spool: &DirectoryHandle,
        name: &str,
        format: Format,
    ) -> io::Result<Option<Self>> {
        let Some(directory) = spool.subdirectory(name)? else {
            return Ok(None);
        };
        if !directory.lock()? {
            return Ok(None);
        }
        let Some(lock) = directory.lock_file(LOCK)? else {
            return Ok(None);
        };
        let slot = Self {
            directory,
            format,
            lock,
        };
        // If it was removed after it was opened, its locks guard nothing.
        Ok(slot.is_in_place().then_some(slot))
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Whether the directory and the lock file are still there, so that other processes find them
    /// locked.
    pub(crate) fn is_in_place(&self) -> bool {
        self.directory.is_in_place() && self.directory.has_in_place(LOCK, &self.lock)
    }

    /// After somebody removed the lock file: creates and locks another one. `false` if the
    /// directory is not in place any more, or if another process has the lock by now.
    pub(crate) fn relock(&mut self) -> io::Result<bool> {
        if !self.directory.is_in_place() {
            return Ok(false);
        }
        if self.directory.has_in_place(LOCK, &self.lock) {
            return Ok(true);
        }
        let Some(lock) = self.directory.lock_file(LOCK)? else {
            return Ok(false);
        };
        self.lock = lock;
        Ok(self.is_in_place())
    }

    /// Reads the first lines of all files, and removes the files that are of no use.
    pub(crate) fn scan(&self) -> io::Result<Contents> {
        let mut contents = Contents::default();
        for entry in self.directory.entries()? {
            let Some((id, extension)) = self.parse_name(&entry.name) else {
                continue;
            };
            contents.last_sequence = contents.last_sequence.max(id.sequence);
            if !entry.is_file {
                continue;
            }
            if extension == PART {
                let _ = self.directory.remove(&entry.name);
                continue;
            }
            match self.read_header(&entry.name) {
                Ok(header) => contents.stored.push(Stored { id, header }),
                Err(Unreadable::Io(_) | Unreadable::Damaged(Damage::Newer(_))) => {
                    contents.passed_over += 1;
                }
                Err(Unreadable::Damaged(damage)) => {
                    contents.damaged += 1;
                    if let Damage::Body(header) = damage {
                        contents.damaged_lines += header.lines;
                    }
                    // If this fails, the next process finds the file again.
                    let _ = self.directory.remove(&entry.name);
                }
            }
        }
        contents.stored.sort_by_key(|stored| stored.id);
        self.remove_repeated(&mut contents.stored);
        let is_stored = |id: &RequestId| contents.stored.iter().any(|stored| stored.id == *id);
        contents.sending = self.marked().into_iter().filter(is_stored).collect();
        Ok(contents)
    }

    /// The request that was in flight.
    fn marked(&self) -> Option<RequestId> {
        let file = self.directory.open_file(MARK).ok()?;
        let text = io::read_to_string(file.take(MAX_HEADER as u64)).ok()?;
        parse_id(text.trim_end())
    }

    /// A request is divided by writing its later part first, and then its first part over the
    /// whole. If the process died between the two steps, the later part is stored twice.
    fn remove_repeated(&self, stored: &mut Vec<Stored>) {
        let mut end_of_last = None;
        stored.retain(|Stored { id, header }| {
            let is_repeated = end_of_last.is_some_and(|end| *id < end);
            if is_repeated {
                let _ = self.remove(*id);
            } else {
                let lines = header.lines + header.metadata;
                end_of_last = Some(RequestId {
                    part: id.part.saturating_add(lines),
                    ..*id
                });
            }
            !is_repeated
        });
    }

    /// Stores a request, in place of the file with this id. On an error that file stays.
    pub(crate) fn write(
        &self,
        id: RequestId,
        collected: SystemTime,
        body: &Body,
    ) -> io::Result<()> {
        let header = Header::of(collected, body).to_line();
        self.replace(&self.file_name(id), &[header.as_bytes(), body.bytes()])
    }

    pub(crate) fn read(&self, id: RequestId) -> Result<Body, Unreadable> {
        let mut file = Vec::new();
        self.directory
            .open_file(self.file_name(id))?
            .read_to_end(&mut file)?;
        let (_, body) = record::parse(file, self.format)?;
        Ok(body)
    }

    /// Removes the file of a request, if there is one.
    pub(crate) fn remove(&self, id: RequestId) -> io::Result<()> {
        self.directory.remove(self.file_name(id))
    }

    /// Stores which request is in flight, if any.
    pub(crate) fn mark(&self, sending: Option<RequestId>) -> io::Result<()> {
        match sending {
            Some(id) => self.replace(MARK, &[name(id).as_bytes(), b"\n"]),
            None => self.directory.remove(MARK),
        }
    }

    /// Moves a file from another slot, or within this one, to a new id.
    pub(crate) fn adopt(&self, other: &Self, from: RequestId, to: RequestId) -> io::Result<()> {
        let from = other.file_name(from);
        other
            .directory
            .rename(from, &self.directory, &self.file_name(to))
    }

    fn file_name(&self, id: RequestId) -> String {
        format!("{}.{}", name(id), self.format.extension())
    }

    /// Writes a file, so that it is never incomplete.
    fn replace(&self, name: &str, content: &[&[u8]]) -> io::Result<()> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let part = format!("{stem}.{PART}");
        self.directory.replace(name, &part, content)
    }

    fn read_header(&self, name: &OsStr) -> Result<Header, Unreadable> {
        let file = self.directory.open_file(name)?;
        let length = file.metadata()?.len();
        let mut start = Vec::with_capacity(MAX_HEADER);
        file.take(MAX_HEADER as u64).read_to_end(&mut start)?;
        let (header, first_line) = Header::parse(&start)?;
        if length.checked_sub(first_line as u64) != Some(header.bytes) {
            return Err(Damage::Body(header).into());
        }
        Ok(header)
    }

    /// The id and the extension in a file name of this library.
    fn parse_name<'a>(&self, name: &'a OsStr) -> Option<(RequestId, &'a str)> {
        let (id, extension) = name.to_str()?.split_once('.')?;
        let is_ours = extension == PART || extension == self.format.extension();
        is_ours.then_some((parse_id(id)?, extension))
    }
}

fn name(RequestId { sequence, part }: RequestId) -> String {
    format!("{sequence:020}-{part:010}")
}

fn parse_id(text: &str) -> Option<RequestId> {
    let (sequence, part) = text.split_once('-')?;
    let id = RequestId {
        sequence: sequence.parse().ok()?,
        part: part.parse().ok()?,
    };
    (id.sequence <= MAX_SEQUENCE && name(id) == text).then_some(id)
}

#[cfg(test)]
mod tests;
