//! What of the queue is on disk, as far as the queue knows.

use std::collections::{BTreeMap, BTreeSet};

use super::super::age::Collected;
use super::super::body::Body;
use super::super::place::Place;
use super::super::spool::{Journal, Stored};

/// The files of the spool, those included that are about to be written.
#[derive(Debug)]
pub(super) struct Stock {
    files: BTreeMap<Place, File>,
    bytes: u64,
    limit_bytes: u64,
    /// Whether the disk says which request may have been sent.
    pub(super) marks: bool,
    pub(super) journal: Journal,
}

#[derive(Clone, Copy, Debug)]
struct File {
    bytes: u64,
    is_written: bool,
}

impl Stock {
    pub(super) fn new(limit_bytes: u64, marks: bool) -> Self {
        Self {
            marks,
            files: BTreeMap::new(),
            bytes: 0,
            limit_bytes,
            journal: Journal::default(),
        }
    }

    /// Has a request written.
    pub(super) fn keep(&mut self, place: Place, collected: &Collected, body: &Body) {
        self.journal.write(place, collected.wall, body.clone());
        self.insert(place, body.len(), false);
    }

    /// It is there already.
    pub(super) fn found(&mut self, place: Place, bytes: usize) {
        self.insert(place, bytes, true);
    }

    /// Has a file removed.
    pub(super) fn discard(&mut self, place: Place) {
        if self.forget(place) {
            self.journal.remove(place);
        }
    }

    /// It is not there, whatever was thought. Returns whether it was thought to be.
    pub(super) fn forget(&mut self, place: Place) -> bool {
        let file = self.files.remove(&place);
        self.bytes -= file.map_or(0, |file| file.bytes);
        file.is_some()
    }

    /// It was written, unless it should be otherwise by now.
    pub(super) fn written(&mut self, place: Place) {
        self.journal.done();
        if !self.journal.wants(place)
            && let Some(file) = self.files.get_mut(&place)
        {
            file.is_written = true;
        }
    }

    /// It could not be written. Nothing older of that name may stay.
    pub(super) fn not_written(&mut self, place: Place) {
        self.journal.done();
        if !self.journal.wants(place) {
            self.discard(place);
        }
    }

    /// What should be there, but is not among these.
    pub(super) fn missing(&self, found: &[Stored]) -> Vec<Place> {
        let found: BTreeSet<_> = found.iter().map(|stored| stored.place).collect();
        let written = self.files.iter().filter(|(_, file)| file.is_written);
        written
            .map(|(place, _)| *place)
            .filter(|place| !found.contains(place))
            .collect()
    }

    pub(super) fn has(&self, place: Place) -> bool {
        self.files.contains_key(&place)
    }

    pub(super) fn has_written(&self, place: Place) -> bool {
        self.files.get(&place).is_some_and(|file| file.is_written)
    }

    pub(super) fn room(&self) -> u64 {
        self.limit_bytes.saturating_sub(self.bytes)
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        u64::try_from(bytes).is_ok_and(|bytes| bytes <= self.room())
    }

    /// The oldest file but that one, if there are too many bytes.
    pub(super) fn excess(&self, except: Option<Place>) -> Option<Place> {
        let mut places = self.files.keys().copied();
        (self.bytes > self.limit_bytes)
            .then(|| places.find(|place| Some(*place) != except))
            .flatten()
    }

    fn insert(&mut self, place: Place, bytes: usize, is_written: bool) {
        self.forget(place);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        self.files.insert(place, File { bytes, is_written });
    }
}
