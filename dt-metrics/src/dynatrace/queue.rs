//! What waits to be sent: in order, bounded, the newest kept.

mod disk;
mod halves;
mod stock;
mod turn;
mod waiting;

use std::collections::{BTreeSet, VecDeque};

use tokio::time::Instant;

use self::stock::Stock;
use self::waiting::Waiting;
use super::age::Collected;
use super::body::Body;
use super::place::Place;

/// A request on its way.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) place: Place,
    pub(super) body: Body,
    pub(super) collected: Collected,
    /// Requests of one collection have no series in common, so their order is free.
    collection: u64,
    /// How often it was sent.
    pub(super) attempts: u32,
    pub(super) first_sent: Option<Instant>,
    /// How many others had passed by then, or when it became a piece.
    pub(super) passed_before: u64,
    /// It failed while others passed: they do not wait for it.
    pub(super) is_aside: bool,
    /// Not 0: a part of one that failed, to find out what in it fails; how often it was halved
    /// since any of the halves passed.
    pub(super) piece: u8,
}

/// Requests in order. The one in flight is held apart: it cannot be dropped to make room, since
/// nobody can say whether it arrives.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    waiting_lines: u64,
    /// As much of it as is not on disk only.
    memory_bytes: usize,
    in_flight: Option<Batch>,
    limit_bytes: usize,
    last_sequence: u64,
    last_collection: u64,
    /// Requests that were answered.
    passed: u64,
    /// The keys whose metadata was dropped with a request, each once.
    lost_metadata: BTreeSet<Box<str>>,
    /// What is on disk, if there is a spool.
    stock: Option<Stock>,
    /// Left on the disk for the next process.
    left_lines: u64,
    left_bytes: usize,
    /// Nothing more is sent.
    is_closed: bool,
}

impl Queue {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            waiting_lines: 0,
            memory_bytes: 0,
            in_flight: None,
            limit_bytes,
            last_sequence: 0,
            last_collection: 0,
            passed: 0,
            lost_metadata: BTreeSet::new(),
            stock: None,
            left_lines: 0,
            left_bytes: 0,
            is_closed: false,
        }
    }

    /// What is pushed from now on was collected after all before.
    pub(super) fn begin_collection(&mut self) {
        self.last_collection += 1;
    }

    /// Adds a request at the end. Returns how many lines had to go to make room.
    pub(super) fn push(&mut self, body: Body, collected: Collected) -> u64 {
        let batch = Batch {
            place: Place::of(self.next_sequence()),
            body,
            collected,
            collection: self.last_collection,
            attempts: 0,
            first_sent: None,
            passed_before: 0,
            is_aside: false,
            piece: 0,
        };
        self.keep(&batch);
        self.insert(self.waiting.len(), batch.into());
        self.make_room()
    }

    /// The request in flight is done with.
    pub(super) fn finish(&mut self) -> Option<Batch> {
        let batch = self.land()?;
        self.passed += 1;
        self.discard(batch.place);
        Some(batch)
    }

    /// The request in flight will not be sent again. Returns how many lines it had.
    pub(super) fn drop_in_flight(&mut self) -> u64 {
        self.land().map_or(0, |batch| self.lose(&batch.into()))
    }

    /// The keys whose metadata was dropped with a request since the last call.
    pub(super) fn take_lost_metadata(&mut self) -> Vec<Box<str>> {
        std::mem::take(&mut self.lost_metadata)
            .into_iter()
            .collect()
    }

    /// The request in flight goes back to where it was. Returns how many lines had to go.
    pub(super) fn put_back(&mut self) -> u64 {
        if let Some(batch) = self.land() {
            self.insert(self.begin_of(batch.collection), batch.into());
        }
        self.make_room()
    }

    /// The request in flight lets the others of its collection go before it. Returns how many lines
    /// had to go, and whether one is next that was sent less often.
    pub(super) fn step_aside(&mut self) -> (u64, bool) {
        let Some(batch) = self.land() else {
            return (0, false);
        };
        let (collection, attempts) = (batch.collection, batch.attempts);
        self.insert(self.begin_of(collection.saturating_add(1)), batch.into());
        let lines = self.make_room();
        let next = self.waiting.iter().find(|one| !one.is_aside);
        let fresh =
            next.is_some_and(|next| next.collection == collection && next.attempts < attempts);
        (lines, fresh)
    }

    /// Drops what Dynatrace would refuse for its age. Returns how many lines that were.
    pub(super) fn drop_old(&mut self, now: Instant) -> u64 {
        let mut lines = 0;
        while self
            .waiting
            .front()
            .is_some_and(|oldest| oldest.collected.is_too_old(now))
        {
            lines += self.lose_at(0);
        }
        lines
    }

    /// Sends nothing more. What is on disk, or about to be, is left to the next process. Returns
    /// how many other lines there were; they are gone.
    pub(super) fn close(&mut self) -> u64 {
        self.is_closed = true;
        if let Some(batch) = self.land() {
            self.insert(self.begin_of(batch.collection), batch.into());
        }
        let mut lines = 0;
        for index in (0..self.waiting.len()).rev() {
            if !self.is_stocked(self.waiting[index].place) {
                lines += self.lose_at(index);
            }
        }
        lines
    }

    pub(super) fn in_flight(&self) -> Option<&Batch> {
        self.in_flight.as_ref()
    }

    /// The place of the newest request so far.
    pub(super) fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Whether everything up to that place was answered or dropped.
    pub(super) fn is_settled(&self, sequence: u64) -> bool {
        let in_flight = self.in_flight.iter().map(|batch| batch.place);
        // Of those that wait only those of one collection may be out of order.
        let first = self.waiting.front().map(|one| one.collection);
        let oldest = self
            .waiting
            .iter()
            .take_while(|one| Some(one.collection) == first)
            .map(|one| one.place);
        in_flight
            .chain(oldest)
            .all(|place| place.sequence > sequence)
    }

    pub(super) fn lines(&self) -> u64 {
        let in_flight = self.in_flight.as_ref();
        self.waiting_lines + self.left_lines + in_flight.map_or(0, |batch| batch.body.lines)
    }

    pub(super) fn bytes(&self) -> usize {
        let in_flight = self.in_flight.as_ref();
        self.waiting_bytes + self.left_bytes + in_flight.map_or(0, |batch| batch.body.len())
    }

    /// Nothing is in flight any more.
    fn land(&mut self) -> Option<Batch> {
        let batch = self.in_flight.take();
        self.mark();
        batch
    }

    fn next_sequence(&mut self) -> u64 {
        self.last_sequence += 1;
        self.last_sequence
    }

    /// Where those of a collection begin, or would.
    fn begin_of(&self, collection: u64) -> usize {
        self.waiting
            .partition_point(|one| one.collection < collection)
    }

    fn insert(&mut self, index: usize, waiting: Waiting) {
        self.waiting_bytes += waiting.bytes;
        self.waiting_lines += waiting.lines;
        self.memory_bytes += waiting.memory_bytes();
        self.waiting.insert(index, waiting);
    }

    fn remove(&mut self, index: usize) -> Option<Waiting> {
        let waiting = self.waiting.remove(index)?;
        self.waiting_bytes -= waiting.bytes;
        self.waiting_lines -= waiting.lines;
        self.memory_bytes -= waiting.memory_bytes();
        Some(waiting)
    }

    fn make_room(&mut self) -> u64 {
        self.leave_to_disk(None);
        let mut lines = 0;
        while self.memory_bytes > self.limit_bytes
            && let Some(oldest) = self.waiting.iter().position(|one| one.body.is_some())
        {
            lines += self.lose_at(oldest);
        }
        lines + self.make_room_on_disk()
    }

    fn lose_at(&mut self, index: usize) -> u64 {
        self.remove(index).map_or(0, |waiting| self.lose(&waiting))
    }

    fn lose(&mut self, waiting: &Waiting) -> u64 {
        self.discard(waiting.place);
        self.lost_metadata.extend(waiting.described_keys());
        waiting.lines
    }
}

#[cfg(test)]
mod tests;
