//! The directory of one process: a file a request, named by its place among all.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::body::Body;
use super::super::format::Format;
use super::super::place::Place;
use super::lock::Lock;
use super::private;
use super::record::{self, Damage, Header, MAX_HEADER};

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
pub(in crate::dynatrace) struct Slot {
    path: PathBuf,
    format: Format,
    lock: Lock,
}

/// A file, known by its first line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::dynatrace) struct Stored {
    pub(in crate::dynatrace) place: Place,
    pub(in crate::dynatrace) header: Header,
}

#[cfg(test)]
impl Stored {
    pub(in crate::dynatrace) fn new(place: Place, collected: SystemTime, body: &Body) -> Self {
        let header = Header::of(collected, body);
        Self { place, header }
    }
}

/// What was found in a slot.
#[derive(Debug, Default, Eq, PartialEq)]
pub(in crate::dynatrace) struct Contents {
    /// In order.
    pub(in crate::dynatrace) stored: Vec<Stored>,
    /// Files that were removed since they cannot be read, and how many data points they are known
    /// to have had.
    pub(in crate::dynatrace) damaged: u64,
    pub(in crate::dynatrace) damaged_lines: u64,
    /// Files that stay: a newer version wrote them, or they are another user's.
    pub(in crate::dynatrace) passed_over: u64,
    /// Of those in `stored`, what may have been sent, but not answered.
    pub(in crate::dynatrace) sending: Vec<Place>,
    /// The highest number of any file, at least.
    pub(in crate::dynatrace) last_sequence: u64,
}

/// Why a file could not be read back.
#[derive(Debug, thiserror::Error)]
pub(in crate::dynatrace) enum Unreadable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Damaged(#[from] Damage),
}

impl Slot {
    /// `None` if it is somebody else's.
    pub(super) fn claim(path: PathBuf, format: Format) -> io::Result<Option<Self>> {
        match private::create_dir(&path, false) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Of a link, not of what it leads to.
        if !private::is_private(&path.symlink_metadata()?) {
            return Ok(None);
        }
        let lock = Lock::take(path.join(LOCK))?;
        Ok(lock.map(|lock| Self { path, format, lock }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the directory is still there, and still ours.
    pub(super) fn is_in_place(&self) -> bool {
        self.lock.is_in_place()
    }

    /// Looks at all files, but only at their first lines. Removes those that are of no use.
    pub(super) fn scan(&self) -> io::Result<Contents> {
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

    fn marked(&self) -> Option<Place> {
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
                whole = Some(Place {
                    part: place.part.saturating_add(header.lines + header.metadata),
                    ..*place
                });
            }
            !is_repeated
        });
    }

    /// Makes the file of this place be this, or leaves what was there.
    pub(in crate::dynatrace) fn write(
        &self,
        place: Place,
        collected: SystemTime,
        body: &Body,
    ) -> io::Result<()> {
        let part = self.file(place, PART);
        let write = || {
            let mut file = private::writing().create(true).truncate(true).open(&part)?;
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

    pub(in crate::dynatrace) fn read(&self, place: Place) -> Result<Body, Unreadable> {
        let (_, body) = record::parse(fs::read(self.whole(place))?, self.format)?;
        Ok(body)
    }

    /// Removes the file of this place, if there is one.
    pub(in crate::dynatrace) fn remove(&self, place: Place) -> io::Result<()> {
        gone(fs::remove_file(self.whole(place)))
    }

    /// Says which request may have been sent, if any.
    pub(in crate::dynatrace) fn mark(&self, sending: Option<Place>) -> io::Result<()> {
        let path = self.path.join(MARK);
        let Some(place) = sending else {
            return gone(fs::remove_file(path));
        };
        let part = path.with_extension(PART);
        let mut file = private::writing().create(true).truncate(true).open(&part)?;
        writeln!(file, "{}", name(place))?;
        drop(file);
        fs::rename(part, path)
    }

    /// Takes a file over from another slot, under another name.
    pub(super) fn adopt(&self, other: &Self, from: Place, to: Place) -> io::Result<()> {
        fs::rename(other.whole(from), self.whole(to))
    }

    /// A file that is whole.
    fn whole(&self, place: Place) -> PathBuf {
        self.file(place, self.format.extension())
    }

    fn file(&self, place: Place, extension: &str) -> PathBuf {
        self.path.join(format!("{}.{extension}", name(place)))
    }

    /// The place and the extension of a file that is ours.
    fn parse_name<'a>(&self, name: &'a OsStr) -> Option<(Place, &'a str)> {
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

fn name(Place { sequence, part }: Place) -> String {
    format!("{sequence:020}-{part:010}")
}

fn parse_place(name: &str) -> Option<Place> {
    let (sequence, part) = name.split_once('-')?;
    let sequence = parse_number(sequence, 20).filter(|sequence| *sequence <= MAX_SEQUENCE)?;
    let part = parse_number(part, 10)?;
    Some(Place { sequence, part })
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

#[cfg(test)]
mod tests;
