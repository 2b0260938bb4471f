//! What the disk should hold and does not hold yet. Touches no disk itself.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::SystemTime;

use super::super::body::Body;
use super::super::place::Place;

/// What is left to do, each file once: the last word about a file counts.
#[derive(Debug, Default)]
pub(in crate::dynatrace) struct Journal {
    /// By place: what the file should be; `None`: gone.
    wanted: BTreeMap<Key, Option<Entry>>,
    /// The file that a request to be sent is in.
    fetch: Option<Place>,
    /// The request that is about to be sent, as the disk should say.
    mark: Option<Place>,
    /// Whether the disk does not say so yet.
    is_mark_due: bool,
    /// What is being done.
    working: Option<Working>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Working {
    File(Place),
    Mark,
}

#[derive(Clone, Debug)]
struct Entry {
    collected: SystemTime,
    body: Body,
}

/// The next thing to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::dynatrace) enum Job {
    Write {
        place: Place,
        collected: SystemTime,
        body: Body,
    },
    Remove {
        place: Place,
    },
    Read {
        place: Place,
    },
    /// Says which request may have been sent, if any.
    Mark {
        sending: Option<Place>,
    },
}

impl Journal {
    /// The file of that place should be this.
    pub(in crate::dynatrace) fn write(&mut self, place: Place, collected: SystemTime, body: Body) {
        self.wanted
            .insert(key(place), Some(Entry { collected, body }));
    }

    /// There should be no file of that place.
    pub(in crate::dynatrace) fn remove(&mut self, place: Place) {
        self.wanted.insert(key(place), None);
        self.fetch.take_if(|fetch| *fetch == place);
    }

    /// The file of that place is needed.
    pub(in crate::dynatrace) fn read(&mut self, place: Place) {
        if self.working != Some(Working::File(place)) {
            self.fetch = Some(place);
        }
    }

    /// The disk should say that this request may have been sent, or that none was.
    pub(in crate::dynatrace) fn mark(&mut self, sending: Option<Place>) {
        self.is_mark_due |= self.mark != sending;
        self.mark = sending;
    }

    /// Whether the disk says which request may have been sent.
    pub(in crate::dynatrace) fn is_marked(&self) -> bool {
        !self.is_mark_due && self.working != Some(Working::Mark)
    }

    /// The next thing to do; until it is [`done`](Self::done) it is not settled. Reading comes
    /// first, since sending waits for it, then the oldest. The mark comes last: what was sent is
    /// marked until its file is gone.
    pub(in crate::dynatrace) fn next(&mut self) -> Option<Job> {
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

    pub(in crate::dynatrace) fn done(&mut self) {
        self.working = None;
    }

    /// Whether something is still to be done about a file, besides what is being done.
    pub(in crate::dynatrace) fn wants(&self, place: Place) -> bool {
        self.wanted.contains_key(&key(place))
    }

    /// Whether the disk is as it should be, for all requests up to that one.
    pub(in crate::dynatrace) fn is_settled(&self, sequence: u64) -> bool {
        let next = self.wanted.first_key_value().map(|((next, _), _)| *next);
        let working = match self.working {
            Some(Working::File(place)) => Some(place.sequence),
            _ => None,
        };
        next.into_iter().chain(working).all(|next| next > sequence)
    }
}

/// The later parts of a request come first: see [`Slot::scan`](super::slot::Slot::scan).
type Key = (u64, Reverse<u64>);

fn key(Place { sequence, part }: Place) -> Key {
    (sequence, Reverse(part))
}

fn place((sequence, Reverse(part)): Key) -> Place {
    Place { sequence, part }
}

impl Job {
    /// Of the file that it is about.
    pub(in crate::dynatrace) fn place(&self) -> Option<Place> {
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
