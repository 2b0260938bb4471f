//! The directory of one process: its locks, its recipient, and a file for each request.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use crate::dynatrace::config::dimensions::Labels;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{RequestId, SnapshotId};
use crate::dynatrace::spool::cells::{self, CellFile};
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::spool::record::{self, Damage, Header, MAX_BODY, MAX_HEADER};

/// The file that is locked while the slot is held, in addition to the directory: some file systems
/// share only the locks of files among hosts, and some platforms have no locks of directories.
const LOCK: &str = "lock";
/// The extension of a file that may be incomplete.
const PART: &str = "part";
/// The extension of a file that cannot be read.
const DAMAGED: &str = "damaged";
/// The file that names the request in flight.
const MARK: &str = "sending";
/// The file that names the recipient.
const RECIPIENT: &str = "recipient";

/// The name of a recipient is shown no longer than this.
const MAX_SHOWN: usize = 300;

/// For how long a damaged file is kept.
const MAX_DAMAGED_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The highest number of a request. Files with higher numbers are not from this library, and would
/// leave no numbers for the requests to come.
const MAX_SEQUENCE: u64 = u64::MAX / 2;

/// The highest number of a part: as many digits as the names have.
const MAX_PART: u64 = 9_999_999_999;

/// A slot that is held by this process until this value is dropped or the process ends, in
/// whatever way. A child after `fork` holds it as well, as long as the child lives.
#[derive(Debug)]
pub(crate) struct Slot {
    directory: DirectoryHandle,
    recipient: Recipient,
    /// Whether the directory names the recipient.
    is_addressed: Cell<bool>,
    lock: File,
}

/// The result of looking at a slot.
#[derive(Debug)]
pub(crate) enum Claim {
    Taken(Slot),
    /// Another process holds it, or it is another user's, or it is not there.
    NotFree,
    /// Its requests are not for this process.
    Left(LeftSlot),
}

/// A slot whose requests are left there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LeftSlot {
    pub(crate) name: String,
    pub(crate) reason: LeftReason,
    pub(crate) requests: u64,
    pub(crate) points: u64,
    /// Whether there are cells as well.
    pub(crate) has_cells: bool,
}

/// Why requests are left in a slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LeftReason {
    /// They are for another recipient, which the slot names.
    Recipient(String),
    /// The slot does not name a recipient.
    NoRecipient,
    /// Others can write to the slot, with this mode, so that the requests may be theirs.
    Shared(u32),
}

impl fmt::Display for LeftSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            reason,
            requests,
            points,
            has_cells,
        } = self;
        write!(f, "{requests} requests with {points} data points")?;
        if *has_cells {
            f.write_str(" and counts since the last push")?;
        }
        write!(f, " stay in {name:?}: ")?;
        match reason {
            LeftReason::Recipient(recipient) => write!(
                f,
                "they were collected for another endpoint ({recipient:?}); start a program with \
                 that endpoint to send them, or remove {name:?}"
            ),
            LeftReason::NoRecipient => write!(
                f,
                "the file `recipient`, which names their endpoint, is missing; start a program \
                 with that endpoint to send them, or remove {name:?}"
            ),
            LeftReason::Shared(mode) => write!(
                f,
                "others can write to it (mode {mode:o}); run `chmod go-w` on it to send them, or \
                 remove it"
            ),
        }
    }
}

/// Whether a slot still belongs to this process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    Held,
    /// The directory is gone or was renamed; nobody else has it.
    Moved,
    /// Another process holds it by now.
    Lost,
}

/// A file that was found, with its first line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    pub(crate) id: RequestId,
    pub(crate) header: Header,
}

impl Stored {
    /// A request that was written just now.
    pub(crate) fn new(id: RequestId, collected: SystemTime, body: &Body) -> Self {
        let header = Header::of(collected, body, None);
        Self { id, header }
    }
}

/// The contents of a slot.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Contents {
    /// The files in order.
    pub(crate) stored: Vec<Stored>,
    /// The number of files that cannot be read.
    pub(crate) damaged: u64,
    /// The number of data points in them, as far as it is known; at least one for each file.
    pub(crate) damaged_points: u64,
    /// The number of files that stay, since a newer version wrote them or they cannot be opened.
    pub(crate) passed_over: u64,
    /// The requests in `stored` that were in flight when the process ended.
    pub(crate) sending: Vec<RequestId>,
    /// The highest number of a file, or a higher one.
    pub(crate) last_sequence: u64,
    /// Slots that were not taken over.
    pub(crate) left: Vec<LeftSlot>,
}

impl Contents {
    /// The data points in the intact files.
    pub(crate) fn points(&self) -> u64 {
        let points = self.stored.iter().map(|stored| stored.header.lines);
        points.fold(0, u64::saturating_add)
    }
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
    /// Locks the directory, after creating it if there is none, if it has no requests for another
    /// recipient.
    pub(crate) fn claim(
        spool: &DirectoryHandle,
        name: &str,
        recipient: &Recipient,
    ) -> io::Result<Claim> {
        spool.create_subdirectory(name)?;
        Self::claim_existing(spool, name, recipient)
    }

    /// Locks the directory, if there is one and it has no requests for another recipient.
    pub(crate) fn claim_existing(
        spool: &DirectoryHandle,
        name: &str,
        recipient: &Recipient,
    ) -> io::Result<Claim> {
        let Some(directory) = spool.subdirectory(name)? else {
            return Ok(Claim::NotFree);
        };
        if !directory.lock()? {
            return Ok(Claim::NotFree);
        }
        if let Some(mode) = directory.shared_mode()? {
            let left = LeftSlot::of(&directory, name, LeftReason::Shared(mode), recipient)?;
            return Ok(left.map_or(Claim::NotFree, Claim::Left));
        }
        let Some(lock) = directory.lock_file(LOCK)? else {
            return Ok(Claim::NotFree);
        };
        let slot = Self {
            directory,
            recipient: recipient.clone(),
            is_addressed: Cell::new(false),
            lock,
        };
        // If it was removed after it was opened, its locks guard nothing.
        if !slot.is_in_place() {
            return Ok(Claim::NotFree);
        }
        let named = slot.named_recipient();
        if named.as_deref() == Some(&recipient.to_text()) {
            slot.is_addressed.set(true);
            return Ok(Claim::Taken(slot));
        }
        let shown = |text: String| text.trim_end().chars().take(MAX_SHOWN).collect();
        let reason = named.map_or(LeftReason::NoRecipient, |text| {
            LeftReason::Recipient(shown(text))
        });
        let left = LeftSlot::of(&slot.directory, name, reason, recipient)?;
        Ok(left.map_or(Claim::Taken(slot), Claim::Left))
    }

    /// The contents of the file that names the recipient, as far as they can be this one.
    fn named_recipient(&self) -> Option<String> {
        let file = self.directory.open_file(RECIPIENT).ok()?;
        let mut bytes = Vec::new();
        let longest = MAX_SHOWN.max(self.recipient.to_text().len() + 1);
        file.take(longest as u64).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes the name of the recipient to the directory, unless it is there already. Without the
    /// name, nothing is stored.
    fn address(&self) -> io::Result<()> {
        if !self.is_addressed.get() {
            self.replace(RECIPIENT, &[self.recipient.to_text().as_bytes()])?;
            self.is_addressed.set(true);
        }
        Ok(())
    }

    /// From now on the requests of this slot are for another recipient.
    pub(crate) fn readdress(&mut self, recipient: Recipient) -> io::Result<()> {
        if self.recipient != recipient {
            self.recipient = recipient;
            self.is_addressed.set(false);
        }
        self.address()
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

    /// Looks whether the slot still belongs to this process, and restores files that somebody
    /// removed: the lock, and the name of the recipient.
    pub(crate) fn restore_standing(&mut self) -> io::Result<Standing> {
        if !self.directory.is_in_place() {
            return Ok(Standing::Moved);
        }
        if !self.directory.has_in_place(LOCK, &self.lock) {
            match self.directory.lock_file(LOCK)? {
                Some(lock) => self.lock = lock,
                None => return Ok(Standing::Lost),
            }
        }
        if self.is_addressed.get() && self.named_recipient().is_none() {
            self.is_addressed.set(false);
            self.address()?;
        }
        Ok(Standing::Held)
    }

    /// Whether the file of a request is there.
    pub(crate) fn has(&self, id: RequestId) -> bool {
        self.directory.open_file(self.file_name(id)).is_ok()
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
            if extension == DAMAGED {
                continue;
            }
            match read_header(&self.directory, &entry.name) {
                Ok(header) => contents.stored.push(Stored { id, header }),
                Err(Unreadable::Io(_) | Unreadable::Damaged(Damage::Newer(_))) => {
                    contents.passed_over += 1;
                }
                Err(Unreadable::Damaged(damage)) => {
                    contents.damaged += 1;
                    let points = match damage {
                        Damage::Body(header) => header.lines,
                        _ => self.count_points(&entry.name),
                    };
                    contents.damaged_points = contents.damaged_points.saturating_add(points);
                    self.set_aside(id);
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
                let lines = header.lines.saturating_add(header.metadata);
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
        snapshot: Option<SnapshotId>,
    ) -> io::Result<()> {
        if u64::try_from(body.len()).is_ok_and(|bytes| bytes > MAX_BODY) {
            return Err(io::Error::other("a request is longer than 64 MiB"));
        }
        self.address()?;
        let header = Header::of(collected, body, snapshot).to_line();
        self.replace(&self.file_name(id), &[header.as_bytes(), body.bytes()])
    }

    pub(crate) fn read(&self, id: RequestId) -> Result<Body, Unreadable> {
        let file = self.read_file(self.file_name(id))?;
        let (_, body) = record::parse(file, self.recipient.format)?;
        Ok(body)
    }

    /// Reads a file that is not too long.
    fn read_file(&self, name: impl AsRef<OsStr>) -> io::Result<Vec<u8>> {
        let limit = MAX_BODY + MAX_HEADER as u64;
        let mut bytes = Vec::new();
        let file = self.directory.open_file(name)?;
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn count_points(&self, name: &OsStr) -> u64 {
        let file = self.read_file(name).unwrap_or_default();
        record::count_points(&file, self.recipient.format)
    }

    /// Looks for the cells of a process that has died, with these requests in the slot.
    pub(crate) fn cells(&self, stored: &[Stored]) -> Result<cells::Found, cells::Unreadable> {
        cells::recover(&self.directory, |file, number| {
            collected_at(stored, file, number)
        })
    }

    /// Whether a newer version of this library counted here, so that nobody else can do so.
    pub(crate) fn has_newer_cells(&self) -> bool {
        matches!(self.cells(&[]), Ok(cells::Found::Newer { .. }))
    }

    /// Whether there is a file of cells.
    pub(crate) fn has_cells(&self) -> bool {
        let file = self.directory.open_file(cells::NAME);
        !file.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether this file of cells is not in the directory any more.
    pub(crate) fn is_without(&self, cells: &CellFile) -> bool {
        !self.has_cells() || !cells.is_in_place(&self.directory)
    }

    /// Creates the file of this process's cells, in place of an earlier one.
    pub(crate) fn create_cells(&self, limit_bytes: u64, labels: &Labels) -> io::Result<CellFile> {
        self.address()?;
        CellFile::create(&self.directory, limit_bytes, labels)
    }

    /// Removes the file of this process's cells, unless it is elsewhere by now.
    pub(crate) fn remove_own_cells(&self, cells: &CellFile) -> io::Result<()> {
        cells.remove(&self.directory)
    }

    /// Removes the file of the cells of a process that has died.
    pub(crate) fn remove_cells(&self) -> io::Result<()> {
        self.directory.remove(cells::NAME)
    }

    /// Keeps cells that cannot be read, under the name of a damaged request with this id.
    pub(crate) fn set_cells_aside(&self, id: RequestId) -> io::Result<()> {
        let damaged = format!("{}.{DAMAGED}", name(id));
        self.directory
            .rename(cells::NAME, &self.directory, &damaged)
    }

    /// Keeps the file of a request that cannot be read, under another name.
    pub(crate) fn set_aside(&self, id: RequestId) {
        let damaged = format!("{}.{DAMAGED}", name(id));
        let renamed = self
            .directory
            .rename(self.file_name(id), &self.directory, &damaged);
        if renamed.is_err() {
            // If this fails as well, the next process finds the file again.
            let _ = self.remove(id);
        }
    }

    /// Removes damaged files that are old, and the oldest ones beyond this many bytes. Returns the
    /// bytes of the damaged files that stay.
    pub(crate) fn tidy_damaged(&self, limit_bytes: u64) -> io::Result<u64> {
        let mut damaged = Vec::new();
        for entry in self.directory.entries()? {
            let parsed = self.parse_name(&entry.name);
            if parsed.is_some_and(|(_, extension)| extension == DAMAGED) && entry.is_file {
                let metadata = self.directory.open_file(&entry.name)?.metadata()?;
                damaged.push((metadata.modified()?, metadata.len(), entry.name));
            }
        }
        damaged.sort_by(|(one, ..), (other, ..)| other.cmp(one));
        let mut bytes = 0_u64;
        for (modified, length, name) in damaged {
            let age = modified.elapsed().unwrap_or_default();
            let with_it = bytes.saturating_add(length);
            if age > MAX_DAMAGED_AGE || with_it > limit_bytes {
                self.directory.remove(name)?;
            } else {
                bytes = with_it;
            }
        }
        Ok(bytes)
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
        self.address()?;
        let from = other.file_name(from);
        other
            .directory
            .rename(from, &self.directory, &self.file_name(to))
    }

    fn file_name(&self, id: RequestId) -> String {
        format!("{}.{}", name(id), self.recipient.format.extension())
    }

    /// Writes a file, so that it is never incomplete.
    fn replace(&self, name: &str, content: &[&[u8]]) -> io::Result<()> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let part = format!("{stem}.{PART}");
        self.directory.replace(name, &part, content)
    }

    /// The id and the extension in a file name of this library.
    fn parse_name<'a>(&self, name: &'a OsStr) -> Option<(RequestId, &'a str)> {
        parse_name(name, self.recipient.format)
    }
}

impl LeftSlot {
    /// Counts the requests that are left, and changes nothing; `None` if there are none, and no cells.
    fn of(
        directory: &DirectoryHandle,
        name: &str,
        reason: LeftReason,
        recipient: &Recipient,
    ) -> io::Result<Option<Self>> {
        let (mut requests, mut points) = (0, 0_u64);
        let mut has_cells = false;
        let format = recipient.format;
        for entry in directory.entries()? {
            let is_request = parse_name(&entry.name, format)
                .is_some_and(|(_, extension)| extension == format.extension());
            has_cells |= entry.is_file && entry.name == cells::NAME && cells::has_counts(directory);
            if entry.is_file && is_request {
                requests += 1;
                let known = read_header(directory, &entry.name).map_or(1, |it| it.lines);
                points = points.saturating_add(known);
            }
        }
        Ok((requests > 0 || has_cells).then(|| Self {
            name: name.into(),
            reason,
            requests,
            points,
            has_cells,
        }))
    }
}

/// When a collection was made, if all of its requests are there.
fn collected_at(stored: &[Stored], file: u64, number: u64) -> Option<SystemTime> {
    let snapshot = SnapshotId {
        file,
        number,
        requests: None,
    };
    let of_collection = |it: &&Stored| {
        let its = it.header.snapshot;
        its.is_some_and(|its| its.is_of(&snapshot))
    };
    let all: Vec<_> = stored.iter().filter(of_collection).collect();
    let mut counts = all.iter().filter_map(|it| it.header.snapshot?.requests);
    let is_complete = counts.next() == u64::try_from(all.len()).ok();
    let times = all.iter().map(|it| it.header.collected());
    times.max().filter(|_| is_complete)
}

fn read_header(directory: &DirectoryHandle, name: &OsStr) -> Result<Header, Unreadable> {
    let file = directory.open_file(name)?;
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
fn parse_name(name: &OsStr, format: Format) -> Option<(RequestId, &str)> {
    let (id, extension) = name.to_str()?.split_once('.')?;
    let is_ours = [PART, DAMAGED, format.extension()].contains(&extension);
    is_ours.then_some((parse_id(id)?, extension))
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
    let is_valid = id.sequence <= MAX_SEQUENCE && id.part <= MAX_PART && name(id) == text;
    is_valid.then_some(id)
}

#[cfg(test)]
mod tests;
