//! The directory of one process: a file a request, named by its place among all.

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::SpoolError;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::record::{self, Damage, Header, MAX_HEADER};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const LOCK: &str = "lock";
/// A file that may not be whole.
const PART: &str = "part";
/// Says which request may have been sent.
const MARK: &str = "sending";

/// Requests are numbered from 1 in the first process on; what is above is no number of ours, and
/// would leave none for those to come.
const MAX_SEQUENCE: u64 = u64::MAX / 2;

/// A directory that is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct Slot {
    path: PathBuf,
    format: Format,
    lock: Lock,
}

/// A file, known by its first line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    pub(crate) place: RequestId,
    pub(crate) header: Header,
}

#[cfg(test)]
impl Stored {
    pub(crate) fn new(place: RequestId, collected: SystemTime, body: &Body) -> Self {
        let header = Header::of(collected, body);
        Self { place, header }
    }
}

/// What was found in a slot.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Contents {
    /// In order.
    pub(crate) stored: Vec<Stored>,
    /// Files that were removed since they cannot be read, and how many data points they are known
    /// to have had.
    pub(crate) damaged: u64,
    pub(crate) damaged_lines: u64,
    /// Files that stay: a newer version wrote them, or they are another user's.
    pub(crate) passed_over: u64,
    /// Of those in `stored`, what may have been sent, but not answered.
    pub(crate) sending: Vec<RequestId>,
    /// The highest number of any file, at least.
    pub(crate) last_sequence: u64,
}

/// Why a file could not be read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Damaged(#[from] Damage),
}

impl Slot {
    /// `None` if it is somebody else's.
    pub(crate) fn claim(path: PathBuf, format: Format) -> io::Result<Option<Self>> {
        match create_dir(&path, false) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Of a link, not of what it leads to.
        if !is_private(&path.symlink_metadata()?) {
            return Ok(None);
        }
        let lock = Lock::take(path.join(LOCK))?;
        Ok(lock.map(|lock| Self { path, format, lock }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the directory is still there, and still ours.
    pub(crate) fn is_in_place(&self) -> bool {
        self.lock.is_in_place()
    }

    /// Looks at all files, but only at their first lines. Removes those that are of no use.
    pub(crate) fn scan(&self) -> io::Result<Contents> {
        let mut contents = Contents::default();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((place, extension)) = self.parse_name(&name) else {
                continue;
            };
            contents.last_sequence = contents.last_sequence.max(place.sequence);
            if !entry.file_type()?.is_file() {
                continue;
            }
            if extension == PART {
                let _ = fs::remove_file(entry.path());
                continue;
            }
            match read_header(&entry.path()) {
                Ok(header) => contents.stored.push(Stored { place, header }),
                Err(Unreadable::Io(_) | Unreadable::Damaged(Damage::Newer(_))) => {
                    contents.passed_over += 1;
                }
                Err(Unreadable::Damaged(damage)) => {
                    contents.damaged += 1;
                    if let Damage::Body(header) = damage {
                        contents.damaged_lines += header.lines;
                    }
                    // If not, the next one comes across it again.
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
        contents.stored.sort_by_key(|stored| stored.place);
        self.remove_repeated(&mut contents.stored);
        contents.sending.extend(self.marked());
        let stored = &contents.stored;
        contents
            .sending
            .retain(|sending| stored.iter().any(|stored| stored.place == *sending));
        Ok(contents)
    }

    fn marked(&self) -> Option<RequestId> {
        let text = fs::read_to_string(self.path.join(MARK)).ok()?;
        parse_place(text.trim_end())
    }

    /// A request is divided by writing its later part first, then its first part over the whole.
    /// If the process died between the two, the later part is there twice.
    fn remove_repeated(&self, stored: &mut Vec<Stored>) {
        let mut whole = None;
        stored.retain(|Stored { place, header }| {
            let is_repeated = whole.is_some_and(|end| *place < end);
            if is_repeated {
                let _ = self.remove(*place);
            } else {
                whole = Some(RequestId {
                    part: place.part.saturating_add(header.lines + header.metadata),
                    ..*place
                });
            }
            !is_repeated
        });
    }

    /// Makes the file of this place be this, or leaves what was there.
    pub(crate) fn write(
        &self,
        place: RequestId,
        collected: SystemTime,
        body: &Body,
    ) -> io::Result<()> {
        let part = self.file(place, PART);
        let write = || {
            let mut file = writing().create(true).truncate(true).open(&part)?;
            file.write_all(Header::of(collected, body).to_line().as_bytes())?;
            file.write_all(body.bytes())?;
            drop(file);
            fs::rename(&part, self.whole(place))
        };
        let written = write();
        if written.is_err() {
            // On a full disk it would take room from the next one.
            let _ = fs::remove_file(&part);
        }
        written
    }

    pub(crate) fn read(&self, place: RequestId) -> Result<Body, Unreadable> {
        let (_, body) = record::parse(fs::read(self.whole(place))?, self.format)?;
        Ok(body)
    }

    /// Removes the file of this place, if there is one.
    pub(crate) fn remove(&self, place: RequestId) -> io::Result<()> {
        gone(fs::remove_file(self.whole(place)))
    }

    /// Says which request may have been sent, if any.
    pub(crate) fn mark(&self, sending: Option<RequestId>) -> io::Result<()> {
        let path = self.path.join(MARK);
        let Some(place) = sending else {
            return gone(fs::remove_file(path));
        };
        let part = path.with_extension(PART);
        let mut file = writing().create(true).truncate(true).open(&part)?;
        writeln!(file, "{}", name(place))?;
        drop(file);
        fs::rename(part, path)
    }

    /// Takes a file over from another slot, under another name.
    pub(crate) fn adopt(&self, other: &Self, from: RequestId, to: RequestId) -> io::Result<()> {
        fs::rename(other.whole(from), self.whole(to))
    }

    /// A file that is whole.
    fn whole(&self, place: RequestId) -> PathBuf {
        self.file(place, self.format.extension())
    }

    fn file(&self, place: RequestId, extension: &str) -> PathBuf {
        self.path.join(format!("{}.{extension}", name(place)))
    }

    /// The place and the extension of a file that is ours.
    fn parse_name<'a>(&self, name: &'a OsStr) -> Option<(RequestId, &'a str)> {
        let (place, extension) = name.to_str()?.split_once('.')?;
        let place = parse_place(place)?;
        let is_ours = extension == PART || extension == self.format.extension();
        is_ours.then_some((place, extension))
    }
}

/// What is gone need not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn name(RequestId { sequence, part }: RequestId) -> String {
    format!("{sequence:020}-{part:010}")
}

fn parse_place(name: &str) -> Option<RequestId> {
    let (sequence, part) = name.split_once('-')?;
    let sequence = parse_number(sequence, 20).filter(|sequence| *sequence <= MAX_SEQUENCE)?;
    let part = parse_number(part, 10)?;
    Some(RequestId { sequence, part })
}

fn parse_number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn read_header(path: &Path) -> Result<Header, Unreadable> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut start = Vec::with_capacity(MAX_HEADER);
    file.take(MAX_HEADER as u64).read_to_end(&mut start)?;
    let (header, start) = Header::parse(&start)?;
    if u64::try_from(start)
        .ok()
        .and_then(|start| length.checked_sub(start))
        != Some(header.bytes)
    {
        return Err(Damage::Body(header).into());
    }
    Ok(header)
}

// ===== from spool::lock: //! Who owns a directory.
/// A file locked until this is dropped or the process ends, in whatever way.
///
/// A child after `fork` holds it, too, as long as it lives.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// `None` if somebody else has it.
    pub(crate) fn take(path: PathBuf) -> io::Result<Option<Self>> {
        let Some(file) = open_locked(&path)? else {
            return Ok(None);
        };
        let lock = Self { file, path };
        // Removed between the two: this guards nothing.
        Ok(lock.is_in_place().then_some(lock))
    }

    /// Whether the file is still there, so that others find it locked.
    #[cfg(unix)]
    pub(crate) fn is_in_place(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let (Ok(ours), Ok(there)) = (self.file.metadata(), self.path.symlink_metadata()) else {
            return false;
        };
        (ours.dev(), ours.ino()) == (there.dev(), there.ino())
    }

    /// A file that is open cannot be removed there.
    #[cfg(not(unix))]
    pub(crate) fn is_in_place(&self) -> bool {
        self.file.metadata().is_ok() && self.path.exists()
    }
}

#[cfg(unix)]
fn open_locked(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};
    let file = writing().create(true).truncate(false).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A file that is opened to be shared with nobody is as good as locked.
#[cfg(windows)]
fn open_locked(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    const SHARING_VIOLATION: i32 = 32;
    let opened = writing()
        .create(true)
        .truncate(false)
        .share_mode(0)
        .open(path);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(not(any(unix, windows)))]
fn open_locked(_path: &Path) -> io::Result<Option<File>> {
    Err(io::ErrorKind::Unsupported.into())
}

// ===== from spool::private: //! Files and directories that are nobody else's business.
/// Creates a directory that only this user can enter; parents that are missing, too, if asked.
pub(crate) fn create_dir(path: &Path, recursive: bool) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(recursive);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// To write files that only this user can read.
pub(crate) fn writing() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether a directory that was there before may hold the slots.
#[cfg(unix)]
pub(crate) fn check_shared(directory: &Metadata) -> Result<(), SpoolError> {
    use std::os::unix::fs::MetadataExt;
    let mode = directory.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(SpoolError::Writable { mode });
    }
    let owner = directory.uid();
    if owner != rustix::process::geteuid().as_raw() && owner != 0 {
        return Err(SpoolError::Foreign { owner });
    }
    Ok(())
}

/// What this user's group and others may do.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Whether a directory is ours alone.
#[cfg(unix)]
pub(crate) fn is_private(directory: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    directory.is_dir()
        && directory.uid() == rustix::process::geteuid().as_raw()
        && directory.mode() & OTHERS == 0
}

/// Elsewhere a directory has the permissions of the one that it is in.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
pub(crate) fn check_shared(_directory: &Metadata) -> Result<(), SpoolError> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn is_private(directory: &Metadata) -> bool {
    directory.is_dir()
}

#[cfg(test)]
mod tests;
