//! What waits to be sent: in order, bounded, the newest kept.

use std::collections::{BTreeSet, VecDeque};

use tokio::time::Instant;

use super::age::Collected;
use super::body::Body;

/// Where a request stands among all. Grows from request to request.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    /// The parts of one request share it.
    pub(super) sequence: u64,
    /// Where in that request a part of it begins.
    pub(super) part: u64,
}

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

/// What happened to the queue, for those who keep it elsewhere, too.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "for those who keep lines beyond the process")]
pub(super) enum Change {
    Added(Batch),
    /// Answered, divided or dropped. The parts of one that was divided are added after.
    Gone(Place),
}

/// Requests in order. The one in flight is held apart: it cannot be dropped to make room, since
/// nobody can say whether it arrives.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Batch>,
    waiting_bytes: usize,
    waiting_lines: u64,
    in_flight: Option<Batch>,
    limit_bytes: usize,
    last_sequence: u64,
    last_collection: u64,
    /// The keys whose metadata was dropped with a request, each once.
    lost_metadata: BTreeSet<Box<str>>,
    /// What happened since it was last asked for; `None` if nobody asks.
    changes: Option<Vec<Change>>,
}

impl Queue {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            waiting_lines: 0,
            in_flight: None,
            limit_bytes,
            last_sequence: 0,
            last_collection: 0,
            lost_metadata: BTreeSet::new(),
            changes: None,
        }
    }

    /// What is pushed from now on was collected after all before.
    pub(super) fn begin_collection(&mut self) {
        self.last_collection += 1;
    }

    /// Adds a request at the end. Returns how many lines had to go to make room.
    pub(super) fn push(&mut self, body: Body, collected: Collected) -> u64 {
        self.last_sequence += 1;
        let batch = Batch {
            place: Place {
                sequence: self.last_sequence,
                part: 0,
            },
            body,
            collected,
            collection: self.last_collection,
            attempts: 0,
        };
        self.added(&batch);
        self.push_back(batch);
        self.make_room()
    }

    /// The oldest request; it is in flight until it is settled by one of the calls below.
    pub(super) fn take(&mut self) -> Option<Batch> {
        debug_assert!(self.in_flight.is_none(), "one request at a time");
        let mut batch = self.pop_front()?;
        batch.attempts = batch.attempts.saturating_add(1);
        self.in_flight = Some(batch.clone());
        Some(batch)
    }

    /// The request in flight is done with.
    pub(super) fn finish(&mut self) -> Option<Batch> {
        let batch = self.in_flight.take()?;
        self.gone(batch.place);
        Some(batch)
    }

    /// The request in flight will not be sent again. Returns how many lines it had.
    pub(super) fn drop_in_flight(&mut self) -> u64 {
        self.in_flight.take().map_or(0, |batch| self.lose(&batch))
    }

    /// The keys whose metadata was dropped with a request since the last call.
    pub(super) fn take_lost_metadata(&mut self) -> Vec<Box<str>> {
        std::mem::take(&mut self.lost_metadata)
            .into_iter()
            .collect()
    }

    /// The request in flight goes back to the front. Returns how many lines had to go.
    pub(super) fn put_back(&mut self) -> u64 {
        if let Some(batch) = self.in_flight.take() {
            self.push_front(batch);
        }
        self.make_room()
    }

    /// The request in flight lets the others of its collection go before it. Returns how many lines
    /// had to go, and whether one is next that was sent less often.
    pub(super) fn step_aside(&mut self) -> (u64, bool) {
        let Some(batch) = self.in_flight.take() else {
            return (0, false);
        };
        let others = self
            .waiting
            .iter()
            .take_while(|other| other.collection == batch.collection)
            .count();
        let attempts = batch.attempts;
        self.waiting_bytes += batch.body.text.len();
        self.waiting_lines += batch.body.lines;
        self.waiting.insert(others, batch);
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
        self.gone(batch.place);
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
            self.added(half);
        }
        for half in halves.into_iter().rev() {
            self.push_front(half);
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
            && let Some(oldest) = self.pop_front()
        {
            lines += self.lose(&oldest);
        }
        lines
    }

    /// Empties the queue, the request in flight included. Returns how many lines there were. For
    /// those who keep the queue elsewhere nothing has changed: it is theirs to deliver now.
    pub(super) fn clear(&mut self) -> u64 {
        let lines = self.lines();
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.waiting_lines = 0;
        self.in_flight = None;
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
        let mut unsettled = self.in_flight.iter().chain(&self.waiting).peekable();
        // Only those of one collection may be out of order.
        let first = unsettled.peek().map(|oldest| oldest.collection);
        unsettled
            .take_while(|batch| Some(batch.collection) == first)
            .all(|batch| batch.place.sequence > sequence)
    }

    pub(super) fn lines(&self) -> u64 {
        self.waiting_lines + self.in_flight.as_ref().map_or(0, |batch| batch.body.lines)
    }

    pub(super) fn bytes(&self) -> usize {
        self.waiting_bytes
            + self
                .in_flight
                .as_ref()
                .map_or(0, |batch| batch.body.text.len())
    }

    fn push_back(&mut self, batch: Batch) {
        self.waiting_bytes += batch.body.text.len();
        self.waiting_lines += batch.body.lines;
        self.waiting.push_back(batch);
    }

    fn push_front(&mut self, batch: Batch) {
        self.waiting_bytes += batch.body.text.len();
        self.waiting_lines += batch.body.lines;
        self.waiting.push_front(batch);
    }

    fn pop_front(&mut self) -> Option<Batch> {
        let batch = self.waiting.pop_front()?;
        self.waiting_bytes -= batch.body.text.len();
        self.waiting_lines -= batch.body.lines;
        Some(batch)
    }

    fn make_room(&mut self) -> u64 {
        let mut lines = 0;
        while self.waiting_bytes > self.limit_bytes
            && let Some(oldest) = self.pop_front()
        {
            lines += self.lose(&oldest);
        }
        lines
    }

    fn lose(&mut self, batch: &Batch) -> u64 {
        self.gone(batch.place);
        self.lost_metadata
            .extend(batch.body.described_keys().map(Into::into));
        batch.body.lines
    }
}

/// For those who keep the queue elsewhere, too.
#[allow(dead_code, reason = "for those who keep lines beyond the process")]
impl Queue {
    /// From now on changes are remembered until they are taken.
    pub(super) fn follow(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// What happened since the last call, in order.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        self.changes
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Adds a request of an earlier process, in order and before any that is pushed. That is no
    /// change. Returns how many lines had to go to make room.
    pub(super) fn restore(&mut self, place: Place, body: Body, collected: Collected) -> u64 {
        self.last_sequence = self.last_sequence.max(place.sequence);
        // Nobody knows any more which were collected together.
        self.last_collection += 1;
        self.push_back(Batch {
            place,
            body,
            collected,
            collection: self.last_collection,
            attempts: 0,
        });
        self.make_room()
    }

    fn added(&mut self, batch: &Batch) {
        if let Some(changes) = &mut self.changes {
            changes.push(Change::Added(batch.clone()));
        }
    }

    fn gone(&mut self, place: Place) {
        if let Some(changes) = &mut self.changes {
            changes.push(Change::Gone(place));
        }
    }
}

#[cfg(test)]
mod tests;
