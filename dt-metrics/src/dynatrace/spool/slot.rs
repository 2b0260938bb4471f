//! The directory of one process: its lock, and a file for each request.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::record::{self, Damage, Header, MAX_HEADER};

/// The file that is locked while the slot is held.
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
    path: PathBuf,
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
    pub(crate) fn claim(path: PathBuf, format: Format) -> io::Result<Option<Self>> {
        match create_dir(&path, false) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // The metadata of a link, not of its target.
        if !is_private(&path.symlink_metadata()?) {
            return Ok(None);
        }
        let Some(lock) = open_locked(&path.join(LOCK))? else {
            return Ok(None);
        };
        let slot = Self { path, format, lock };
        // If the lock file was removed after it was opened, its lock guards nothing.
        Ok(slot.is_in_place().then_some(slot))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the lock file is still there, so that other processes find it locked.
    pub(crate) fn is_in_place(&self) -> bool {
        let there = self.path.join(LOCK).symlink_metadata();
        match (self.lock.metadata(), there) {
            #[cfg(unix)]
            (Ok(ours), Ok(there)) => {
                use std::os::unix::fs::MetadataExt;
                (ours.dev(), ours.ino()) == (there.dev(), there.ino())
            }
            // Elsewhere an open file cannot be removed.
            #[cfg(not(unix))]
            (Ok(_), Ok(_)) => true,
            _ => false,
        }
    }

    /// Reads the first lines of all files, and removes the files that are of no use.
    pub(crate) fn scan(&self) -> io::Result<Contents> {
        let mut contents = Contents::default();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((id, extension)) = self.parse_name(&name) else {
                continue;
            };
            contents.last_sequence = contents.last_sequence.max(id.sequence);
            if !entry.file_type()?.is_file() {
                continue;
            }
            if extension == PART {
                let _ = fs::remove_file(entry.path());
                continue;
            }
            match read_header(&entry.path()) {
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
                    let _ = fs::remove_file(entry.path());
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
        let text = fs::read_to_string(self.path.join(MARK)).ok()?;
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
        replace(&self.file(id), &[header.as_bytes(), body.bytes()])
    }

    pub(crate) fn read(&self, id: RequestId) -> Result<Body, Unreadable> {
        let (_, body) = record::parse(fs::read(self.file(id))?, self.format)?;
        Ok(body)
    }

    /// Removes the file of a request, if there is one.
    pub(crate) fn remove(&self, id: RequestId) -> io::Result<()> {
        remove_if_there(&self.file(id))
    }

    /// Stores which request is in flight, if any.
    pub(crate) fn mark(&self, sending: Option<RequestId>) -> io::Result<()> {
        let path = self.path.join(MARK);
        match sending {
            Some(id) => replace(&path, &[name(id).as_bytes(), b"\n"]),
            None => remove_if_there(&path),
        }
    }

    /// Moves a file from another slot, or within this one, to a new id.
    pub(crate) fn adopt(&self, other: &Self, from: RequestId, to: RequestId) -> io::Result<()> {
        fs::rename(other.file(from), self.file(to))
    }

    fn file(&self, id: RequestId) -> PathBuf {
        let extension = self.format.extension();
        self.path.join(format!("{}.{extension}", name(id)))
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

fn read_header(path: &Path) -> Result<Header, Unreadable> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut start = Vec::with_capacity(MAX_HEADER);
    file.take(MAX_HEADER as u64).read_to_end(&mut start)?;
    let (header, first_line) = Header::parse(&start)?;
    if length.checked_sub(first_line as u64) != Some(header.bytes) {
        return Err(Damage::Body(header).into());
    }
    Ok(header)
}

/// Writes a file under another name and renames it, so that the file is never incomplete.
fn replace(path: &Path, content: &[&[u8]]) -> io::Result<()> {
    let part = path.with_extension(PART);
    let write = || {
        let mut file = private_file().create(true).truncate(true).open(&part)?;
        for bytes in content {
            file.write_all(bytes)?;
        }
        drop(file);
        fs::rename(&part, path)
    };
    write().inspect_err(|_| {
        // On a full disk it would take the room of the next file.
        let _ = fs::remove_file(&part);
    })
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Creates a directory that only this user can enter, with its parents if `recursive`.
pub(crate) fn create_dir(path: &Path, recursive: bool) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(recursive);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for writing that only this user can read.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens and locks a file; `None` if another process has locked it.
#[cfg(unix)]
fn open_locked(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};
    let file = private_file().create(true).truncate(false).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Opens a file without sharing it, which excludes other processes as a lock does.
#[cfg(windows)]
fn open_locked(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    const SHARING_VIOLATION: i32 = 32;
    let mut options = private_file();
    options.create(true).truncate(false).share_mode(0);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(not(any(unix, windows)))]
fn open_locked(_path: &Path) -> io::Result<Option<File>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether only this user can enter a directory. Where there are no modes, a directory has the
/// permissions of its parent.
fn is_private(directory: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let is_ours = directory.uid() == rustix::process::geteuid().as_raw();
        if !is_ours || directory.mode() & 0o077 != 0 {
            return false;
        }
    }
    directory.is_dir()
}

#[cfg(test)]
mod tests;
