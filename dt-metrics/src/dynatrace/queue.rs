//! What waits to be sent: in order, bounded, the newest kept.

mod disk;
mod stock;
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
        };
        self.keep(&batch);
        self.insert(self.waiting.len(), batch.into());
        self.make_room()
    }

    /// The oldest request; it is in flight until it is settled by one of the calls below. `None`
    /// if there is none, or if it must be read from the disk first, which is asked for then.
    pub(super) fn take(&mut self) -> Option<Batch> {
        debug_assert!(self.in_flight.is_none(), "one request at a time");
        let oldest = self.waiting.front()?;
        let Some(body) = oldest.body.clone() else {
            self.fetch(oldest.place);
            return None;
        };
        let oldest = self.remove(0)?;
        let batch = Batch {
            place: oldest.place,
            body,
            collected: oldest.collected,
            collection: oldest.collection,
            attempts: oldest.attempts.saturating_add(1),
        };
        self.in_flight = Some(batch.clone());
        self.mark();
        Some(batch)
    }

    /// The request in flight is done with.
    pub(super) fn finish(&mut self) -> Option<Batch> {
        let batch = self.land()?;
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

    /// The request in flight goes back to the front. Returns how many lines had to go.
    pub(super) fn put_back(&mut self) -> u64 {
        if let Some(batch) = self.land() {
            self.insert(0, batch.into());
        }
        self.make_room()
    }

    /// The request in flight lets the others of its collection go before it. Returns how many lines
    /// had to go, and whether one is next that was sent less often.
    pub(super) fn step_aside(&mut self) -> (u64, bool) {
        let Some(batch) = self.land() else {
            return (0, false);
        };
        let others = self
            .waiting
            .iter()
            .take_while(|other| other.collection == batch.collection)
            .count();
        let attempts = batch.attempts;
        self.insert(others, batch.into());
        let lines = self.make_room();
        let next = self.waiting.front();
        let fresh = next.is_some_and(|next| next.attempts < attempts);
        (lines, others > 0 && fresh)
    }

    /// The request in flight goes back to the front in two halves; `false` if it is a single line.
    pub(super) fn split(&mut self) -> bool {
        let Some(batch) = self.in_flight.take_if(|batch| batch.body.is_divisible()) else {
            return false;
        };
        self.mark();
        self.discard(batch.place);
        let mut part = batch.place.part;
        let mut halves = Vec::new();
        for body in batch.body.divide() {
            let place = Place {
                part,
                ..batch.place
            };
            part += body.all_lines();
            halves.push(Batch {
                place,
                body,
                collected: batch.collected,
                collection: batch.collection,
                attempts: 0,
            });
        }
        for half in &halves {
            self.keep(half);
        }
        for half in halves.into_iter().rev() {
            self.insert(0, half.into());
        }
        true
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
            self.insert(0, batch.into());
        }
        let mut lines = 0;
        for index in (0..self.waiting.len()).rev() {
            if !self.is_stocked(self.waiting[index].place) {
                lines += self.lose_at(index);
            }
        }
        lines
    }

    pub(super) fn has_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// The place of the newest request so far.
    pub(super) fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Whether everything up to that place was answered or dropped.
    pub(super) fn is_settled(&self, sequence: u64) -> bool {
        let in_flight = self.in_flight.iter();
        let mut unsettled = in_flight
            .map(|batch| (batch.collection, batch.place))
            .chain(self.waiting.iter().map(|one| (one.collection, one.place)))
            .peekable();
        // Only those of one collection may be out of order.
        let first = unsettled.peek().map(|(collection, _)| *collection);
        unsettled
            .take_while(|(collection, _)| Some(*collection) == first)
            .all(|(_, place)| place.sequence > sequence)
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
        self.leave_to_disk(0);
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
