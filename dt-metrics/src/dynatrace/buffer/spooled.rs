//! The record of the disk: which requests it holds, and which jobs are left to do. Touches no disk
//! itself: the spooler takes the next job and reports its result. Without a spool nothing happens
//! here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, RequestId, SnapshotId};
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::spool::slot::Stored;

/// The files of the spool, including files that are about to be written, and the jobs that are left
/// to do on disk. There is at most one job for a file: a later one replaces an earlier one.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a job that is due, or the kind of spool"
)]
pub(crate) struct Spooled {
    /// From the first `attach` until the spooler's thread ends, which `Buffer::wait_for_exit` waits
    /// for.
    is_attached: bool,
    files: BTreeMap<RequestId, File>,
    bytes: u64,
    limit_bytes: u64,
    /// The part of the limit that damaged files take up.
    damaged_bytes: u64,
    /// The part of the limit that the file of the cells takes up.
    cell_bytes: u64,
    /// Whether a collection has ended since somebody looked whether there is room for further cells.
    is_growth_due: bool,
    /// The content that each file should get; `None` if it should be removed.
    wanted: BTreeMap<Key, Option<Entry>>,
    /// The file of a request that is about to be sent.
    fetch: Option<RequestId>,
    /// The request that is about to be sent: its file has to be there still.
    look: Option<RequestId>,
    /// Another recipient, which the disk does not name yet.
    recipient: Option<Recipient>,
    /// Whether the disk records which request may have been sent.
    at_most_once: bool,
    /// The request that may have been sent.
    sending: Option<RequestId>,
    /// Whether the disk has not recorded it yet.
    is_mark_due: bool,
    working: Option<Working>,
}

#[derive(Clone, Copy, Debug)]
struct File {
    bytes: u64,
    is_written: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    collected: SystemTime,
    body: Body,
    snapshot: Option<SnapshotId>,
}

/// One thing to do on disk. The spooler ends each job by one call, since until then its request is
/// not synced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Job {
    /// Ends with [`Spooled::written`] or [`Spooled::not_written`].
    Write {
        id: RequestId,
        collected: SystemTime,
        body: Body,
        snapshot: Option<SnapshotId>,
    },
    /// Ends with [`Spooled::done`].
    Remove { id: RequestId },
    /// Ends with `Queue::fetched` or `Queue::not_fetched`.
    Read { id: RequestId },
    /// Records which request may have been sent, if any. Ends with [`Spooled::done`].
    Mark { sending: Option<RequestId> },
    /// Looks whether the file of a request is still there, and is still this process's. Ends with
    /// [`Spooled::done`].
    Look { id: RequestId },
    /// Names another recipient. Ends with [`Spooled::done`].
    Readdress { recipient: Recipient },
    /// Makes room for further cells. Ends with [`Spooled::done`].
    Grow,
}

/// The job that the spooler works on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Working {
    File(RequestId),
    Mark,
    Look,
    Readdress,
    Grow,
}

impl Spooled {
    /// There is a spool from now on, of this many bytes.
    pub(crate) fn attach(&mut self, limit_bytes: u64, at_most_once: bool) {
        self.is_attached = true;
        self.limit_bytes = limit_bytes;
        self.at_most_once = at_most_once;
    }

    pub(crate) fn is_attached(&self) -> bool {
        self.is_attached
    }

    /// A request should be on disk.
    pub(crate) fn want_written(
        &mut self,
        id: RequestId,
        collected: &Collected,
        body: &Body,
        snapshot: Option<SnapshotId>,
    ) {
        if self.is_attached {
            let entry = Entry {
                collected: collected.wall,
                body: body.clone(),
                snapshot,
            };
            self.wanted.insert(key(id), Some(entry));
            self.insert(id, body.len(), false);
        }
    }

    /// A request is on disk already.
    pub(crate) fn found(&mut self, id: RequestId, bytes: usize) {
        if self.is_attached {
            self.insert(id, bytes, true);
        }
    }

    /// A request should not be on disk.
    pub(crate) fn want_removed(&mut self, id: RequestId) {
        if self.forget(id) {
            self.wanted.insert(key(id), None);
            self.fetch.take_if(|fetch| *fetch == id);
        }
    }

    /// A request is not on disk, whatever was recorded. Returns whether it was recorded.
    pub(crate) fn forget(&mut self, id: RequestId) -> bool {
        let file = self.files.remove(&id);
        self.bytes -= file.map_or(0, |file| file.bytes);
        file.is_some()
    }

    /// The body of a request is needed in memory.
    pub(crate) fn want_read(&mut self, id: RequestId) {
        if self.working != Some(Working::File(id)) {
            self.fetch = Some(id);
        }
    }

    /// The disk should record that this request may have been sent, or that none was. If the file of
    /// the request is on disk, it must still be there before the request is sent.
    pub(crate) fn mark(&mut self, sending: Option<RequestId>) {
        self.look = sending.filter(|id| self.has_written(*id));
        self.is_mark_due |= self.at_most_once && self.sending != sending;
        self.sending = sending;
    }

    /// The disk should name another recipient.
    pub(crate) fn want_recipient(&mut self, recipient: Recipient) {
        self.recipient = Some(recipient);
    }

    /// Whether the request in flight may be sent: the disk records that it may have been sent, and
    /// its file was there a moment ago.
    pub(crate) fn is_ready_to_send(&self) -> bool {
        !self.is_mark_due
            && self.look.is_none()
            && !matches!(self.working, Some(Working::Mark | Working::Look))
    }

    /// Everything that was recorded has to be recorded once more, in another place.
    pub(crate) fn record_again(&mut self) {
        self.is_mark_due |= self.at_most_once && self.sending.is_some();
    }

    /// Damaged files take up this many bytes.
    pub(crate) fn set_damaged_bytes(&mut self, bytes: u64) {
        self.damaged_bytes = bytes;
    }

    /// After a collection, the file of the cells takes up this many bytes.
    pub(crate) fn set_cell_bytes(&mut self, bytes: u64) {
        self.cell_bytes = bytes;
        self.is_growth_due = true;
    }

    /// The next job; until it is [`done`](Self::done) its request is not synced. The recipient comes
    /// first, then reading and looking, since sending waits for them, then the oldest file. The mark
    /// of the request in flight comes after it: it names a request until its file is gone. Nobody waits for room
    /// for cells.
    pub(crate) fn next_job(&mut self) -> Option<Job> {
        let job = if let Some(recipient) = self.recipient.take() {
            Job::Readdress { recipient }
        } else if let Some(id) = self.fetch.take() {
            Job::Read { id }
        } else if let Some(id) = self.look.take() {
            Job::Look { id }
        } else {
            match self.wanted.pop_first() {
                Some((key, None)) => Job::Remove { id: id(key) },
                Some((key, Some(entry))) => Job::Write {
                    id: id(key),
                    collected: entry.collected,
                    body: entry.body,
                    snapshot: entry.snapshot,
                },
                None if std::mem::take(&mut self.is_mark_due) => Job::Mark {
                    sending: self.sending,
                },
                None if std::mem::take(&mut self.is_growth_due) => Job::Grow,
                None => return None,
            }
        };
        self.working = Some(match &job {
            Job::Write { id, .. } | Job::Remove { id } | Job::Read { id } => Working::File(*id),
            Job::Mark { .. } => Working::Mark,
            Job::Look { .. } => Working::Look,
            Job::Readdress { .. } => Working::Readdress,
            Job::Grow => Working::Grow,
        });
        Some(job)
    }

    /// The job is done, and nothing follows from it.
    pub(crate) fn done(&mut self) {
        self.working = None;
    }

    /// A file was written. If other work on it was requested meanwhile, that decides.
    pub(crate) fn written(&mut self, id: RequestId) {
        self.done();
        if !self.wanted.contains_key(&key(id))
            && let Some(file) = self.files.get_mut(&id)
        {
            file.is_written = true;
        }
    }

    /// A file could not be written. An older one of that name must not stay: its lines would be
    /// sent twice.
    pub(crate) fn not_written(&mut self, id: RequestId) {
        self.done();
        if !self.wanted.contains_key(&key(id)) {
            self.want_removed(id);
        }
    }

    /// Whether the disk is as it should be, for all requests up to this number.
    pub(crate) fn is_synced(&self, sequence: u64) -> bool {
        let next = self.wanted.first_key_value().map(|((next, _), _)| *next);
        let working = match self.working {
            Some(Working::File(id)) => Some(id.sequence),
            _ => None,
        };
        next.into_iter().chain(working).all(|next| next > sequence)
    }

    /// Requests that should be on disk, but are not among these.
    pub(crate) fn missing(&self, found: &[Stored]) -> Vec<RequestId> {
        let found: BTreeSet<_> = found.iter().map(|stored| stored.id).collect();
        let written = self.files.iter().filter(|(_, file)| file.is_written);
        written
            .map(|(id, _)| *id)
            .filter(|id| !found.contains(id))
            .collect()
    }

    /// Whether a request is on disk, or about to be.
    pub(crate) fn has(&self, id: RequestId) -> bool {
        self.files.contains_key(&id)
    }

    pub(crate) fn has_written(&self, id: RequestId) -> bool {
        self.files.get(&id).is_some_and(|file| file.is_written)
    }

    /// How many more bytes the disk may hold.
    pub(crate) fn room(&self) -> u64 {
        self.limit().saturating_sub(self.bytes)
    }

    /// Whether less than a quarter of the disk is free.
    pub(crate) fn is_crowded(&self) -> bool {
        self.room() < self.limit() / 4
    }

    fn limit(&self) -> u64 {
        self.limit_bytes
            .saturating_sub(self.damaged_bytes)
            .saturating_sub(self.cell_bytes)
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.is_attached && u64::try_from(bytes).is_ok_and(|bytes| bytes <= self.room())
    }

    /// The oldest file but these, if there are too many bytes.
    pub(crate) fn excess(&self, except: &[RequestId]) -> Option<RequestId> {
        let mut ids = self.files.keys().copied();
        (self.bytes > self.limit())
            .then(|| ids.find(|id| !except.contains(id)))
            .flatten()
    }

    fn insert(&mut self, id: RequestId, bytes: usize, is_written: bool) {
        self.forget(id);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        self.files.insert(id, File { bytes, is_written });
    }
}

/// The later parts of a request come first: if the process dies in between, the next process
/// detects the duplicates, see [`Slot::scan`](crate::dynatrace::spool::slot::Slot::scan).
type Key = (u64, Reverse<u64>);

fn key(RequestId { sequence, part }: RequestId) -> Key {
    (sequence, Reverse(part))
}

fn id((sequence, Reverse(part)): Key) -> RequestId {
    RequestId { sequence, part }
}

#[cfg(test)]
mod tests;
