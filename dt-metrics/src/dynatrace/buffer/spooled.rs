//! The queue and its spool. Nothing here waits for a disk: the queue says what should be there,
//! and is told what became of it.

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, RequestId};
use crate::dynatrace::spool::slot::Stored;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

// ===== from queue::stock: //! What of the queue is on disk, as far as the queue knows.
/// The files of the spool, those included that are about to be written.
#[derive(Debug)]
pub(crate) struct Stock {
    files: BTreeMap<RequestId, File>,
    bytes: u64,
    limit_bytes: u64,
    /// Whether the disk says which request may have been sent.
    pub(crate) marks: bool,
    pub(crate) journal: Journal,
}

#[derive(Clone, Copy, Debug)]
struct File {
    bytes: u64,
    is_written: bool,
}

impl Stock {
    pub(crate) fn new(limit_bytes: u64, marks: bool) -> Self {
        Self {
            marks,
            files: BTreeMap::new(),
            bytes: 0,
            limit_bytes,
            journal: Journal::default(),
        }
    }

    /// Has a request written.
    pub(crate) fn keep(&mut self, place: RequestId, collected: &Collected, body: &Body) {
        self.journal.write(place, collected.wall, body.clone());
        self.insert(place, body.len(), false);
    }

    /// It is there already.
    pub(crate) fn found(&mut self, place: RequestId, bytes: usize) {
        self.insert(place, bytes, true);
    }

    /// Has a file removed.
    pub(crate) fn discard(&mut self, place: RequestId) {
        if self.forget(place) {
            self.journal.remove(place);
        }
    }

    /// It is not there, whatever was thought. Returns whether it was thought to be.
    pub(crate) fn forget(&mut self, place: RequestId) -> bool {
        let file = self.files.remove(&place);
        self.bytes -= file.map_or(0, |file| file.bytes);
        file.is_some()
    }

    /// It was written, unless it should be otherwise by now.
    pub(crate) fn written(&mut self, place: RequestId) {
        self.journal.done();
        if !self.journal.wants(place)
            && let Some(file) = self.files.get_mut(&place)
        {
            file.is_written = true;
        }
    }

    /// It could not be written. Nothing older of that name may stay.
    pub(crate) fn not_written(&mut self, place: RequestId) {
        self.journal.done();
        if !self.journal.wants(place) {
            self.discard(place);
        }
    }

    /// What should be there, but is not among these.
    pub(crate) fn missing(&self, found: &[Stored]) -> Vec<RequestId> {
        let found: BTreeSet<_> = found.iter().map(|stored| stored.place).collect();
        let written = self.files.iter().filter(|(_, file)| file.is_written);
        written
            .map(|(place, _)| *place)
            .filter(|place| !found.contains(place))
            .collect()
    }

    pub(crate) fn has(&self, place: RequestId) -> bool {
        self.files.contains_key(&place)
    }

    pub(crate) fn has_written(&self, place: RequestId) -> bool {
        self.files.get(&place).is_some_and(|file| file.is_written)
    }

    pub(crate) fn room(&self) -> u64 {
        self.limit_bytes.saturating_sub(self.bytes)
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        u64::try_from(bytes).is_ok_and(|bytes| bytes <= self.room())
    }

    /// The oldest file but that one, if there are too many bytes.
    pub(crate) fn excess(&self, except: Option<RequestId>) -> Option<RequestId> {
        let mut places = self.files.keys().copied();
        (self.bytes > self.limit_bytes)
            .then(|| places.find(|place| Some(*place) != except))
            .flatten()
    }

    fn insert(&mut self, place: RequestId, bytes: usize, is_written: bool) {
        self.forget(place);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        self.files.insert(place, File { bytes, is_written });
    }
}

// ===== from spool::journal: //! What the disk should hold and does not hold yet. Touches no disk itself.
/// What is left to do, each file once: the last word about a file counts.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// By place: what the file should be; `None`: gone.
    wanted: BTreeMap<Key, Option<Entry>>,
    /// The file that a request to be sent is in.
    fetch: Option<RequestId>,
    /// The request that is about to be sent, as the disk should say.
    mark: Option<RequestId>,
    /// Whether the disk does not say so yet.
    is_mark_due: bool,
    /// What is being done.
    working: Option<Working>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Working {
    File(RequestId),
    Mark,
}

#[derive(Clone, Debug)]
struct Entry {
    collected: SystemTime,
    body: Body,
}

/// The next thing to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Job {
    Write {
        place: RequestId,
        collected: SystemTime,
        body: Body,
    },
    Remove {
        place: RequestId,
    },
    Read {
        place: RequestId,
    },
    /// Says which request may have been sent, if any.
    Mark {
        sending: Option<RequestId>,
    },
}

impl Journal {
    /// The file of that place should be this.
    pub(crate) fn write(&mut self, place: RequestId, collected: SystemTime, body: Body) {
        self.wanted
            .insert(key(place), Some(Entry { collected, body }));
    }

    /// There should be no file of that place.
    pub(crate) fn remove(&mut self, place: RequestId) {
        self.wanted.insert(key(place), None);
        self.fetch.take_if(|fetch| *fetch == place);
    }

    /// The file of that place is needed.
    pub(crate) fn read(&mut self, place: RequestId) {
        if self.working != Some(Working::File(place)) {
            self.fetch = Some(place);
        }
    }

    /// The disk should say that this request may have been sent, or that none was.
    pub(crate) fn mark(&mut self, sending: Option<RequestId>) {
        self.is_mark_due |= self.mark != sending;
        self.mark = sending;
    }

    /// Whether the disk says which request may have been sent.
    pub(crate) fn is_marked(&self) -> bool {
        !self.is_mark_due && self.working != Some(Working::Mark)
    }

    /// The next thing to do; until it is [`done`](Self::done) it is not settled. Reading comes
    /// first, since sending waits for it, then the oldest. The mark comes last: what was sent is
    /// marked until its file is gone.
    pub(crate) fn next(&mut self) -> Option<Job> {
        let job = if let Some(place) = self.fetch.take() {
            Job::Read { place }
        } else {
            match self.wanted.pop_first() {
                Some((key, None)) => Job::Remove { place: place(key) },
                Some((key, Some(Entry { collected, body }))) => Job::Write {
                    place: place(key),
                    collected,
                    body,
                },
                None if std::mem::take(&mut self.is_mark_due) => {
                    self.working = Some(Working::Mark);
                    return Some(Job::Mark { sending: self.mark });
                }
                None => return None,
            }
        };
        self.working = job.place().map(Working::File);
        Some(job)
    }

    pub(crate) fn done(&mut self) {
        self.working = None;
    }

    /// Whether something is still to be done about a file, besides what is being done.
    pub(crate) fn wants(&self, place: RequestId) -> bool {
        self.wanted.contains_key(&key(place))
    }

    /// Whether the disk is as it should be, for all requests up to that one.
    pub(crate) fn is_settled(&self, sequence: u64) -> bool {
        let next = self.wanted.first_key_value().map(|((next, _), _)| *next);
        let working = match self.working {
            Some(Working::File(place)) => Some(place.sequence),
            _ => None,
        };
        next.into_iter().chain(working).all(|next| next > sequence)
    }
}

/// The later parts of a request come first: see [`Slot::scan`](crate::dynatrace::spool::slot::Slot::scan).
type Key = (u64, Reverse<u64>);

fn key(RequestId { sequence, part }: RequestId) -> Key {
    (sequence, Reverse(part))
}

fn place((sequence, Reverse(part)): Key) -> RequestId {
    RequestId { sequence, part }
}

impl Job {
    /// Of the file that it is about.
    pub(crate) fn place(&self) -> Option<RequestId> {
        match self {
            Self::Write { place, .. } | Self::Remove { place } | Self::Read { place } => {
                Some(*place)
            }
            Self::Mark { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
