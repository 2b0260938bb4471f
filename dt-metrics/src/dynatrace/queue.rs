//! What waits to be sent: in order, bounded, the newest kept.

use std::collections::{BTreeSet, VecDeque};

use super::body::Body;

/// A request on its way.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// Grows from request to request; the halves of one share it.
    sequence: u64,
    pub(super) body: Body,
    /// How often it was sent.
    pub(super) attempts: u32,
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
    /// The keys whose metadata was dropped with a request, each once.
    lost_metadata: BTreeSet<Box<str>>,
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
            lost_metadata: BTreeSet::new(),
        }
    }

    /// Adds a request at the end. Returns how many lines had to go to make room.
    pub(super) fn push(&mut self, body: Body) -> u64 {
        self.last_sequence += 1;
        self.waiting_bytes += body.text.len();
        self.waiting_lines += body.lines;
        self.waiting.push_back(Batch {
            sequence: self.last_sequence,
            body,
            attempts: 0,
        });
        self.make_room()
    }

    /// The oldest request; it is in flight until it is settled by one of the calls below.
    pub(super) fn take(&mut self) -> Option<Batch> {
        debug_assert!(self.in_flight.is_none(), "one request at a time");
        let mut batch = self.pop_front()?;
        batch.attempts += 1;
        self.in_flight = Some(batch.clone());
        Some(batch)
    }

    /// The request in flight is done with.
    pub(super) fn finish(&mut self) -> Option<Batch> {
        self.in_flight.take()
    }

    /// The request in flight will not be sent again. Returns how many lines it had.
    pub(super) fn drop_in_flight(&mut self) -> u64 {
        self.in_flight
            .take()
            .map_or(0, |batch| self.lose(&batch.body))
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

    /// The request in flight goes back to the front in two halves; `false` if it is a single line.
    pub(super) fn split(&mut self) -> bool {
        let Some(batch) = self.in_flight.take_if(|batch| batch.body.is_divisible()) else {
            return false;
        };
        for body in batch.body.divide().into_iter().rev() {
            self.push_front(Batch {
                sequence: batch.sequence,
                body,
                attempts: 0,
            });
        }
        true
    }

    /// Empties the queue, the request in flight included. Returns how many lines there were.
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
        self.in_flight
            .as_ref()
            .or_else(|| self.waiting.front())
            .is_none_or(|oldest| oldest.sequence > sequence)
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
            lines += self.lose(&oldest.body);
        }
        lines
    }

    fn lose(&mut self, body: &Body) -> u64 {
        self.lost_metadata
            .extend(body.described_keys().map(Into::into));
        body.lines
    }
}

#[cfg(test)]
mod tests;
