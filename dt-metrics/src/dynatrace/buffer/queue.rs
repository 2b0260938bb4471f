//! What waits to be sent: in order, bounded, the newest kept.

use crate::dynatrace::buffer::spooled::{Job, Stock};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, RequestId};
use crate::dynatrace::spool::slot::Stored;
use std::collections::{BTreeSet, VecDeque};
use tokio::time::Instant;

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) place: RequestId,
    pub(crate) body: Body,
    pub(crate) collected: Collected,
    /// Requests of one collection have no series in common, so their order is free.
    collection: u64,
    /// How often it was sent.
    pub(crate) attempts: u32,
    pub(crate) first_sent: Option<Instant>,
    /// How many others had passed by then, or when it became a piece.
    pub(crate) passed_before: u64,
    /// It failed while others passed: they do not wait for it.
    pub(crate) is_aside: bool,
    /// Not 0: a part of one that failed, to find out what in it fails; how often it was halved
    /// since any of the halves passed.
    pub(crate) piece: u8,
}

/// Requests in order. The one in flight is held apart: it cannot be dropped to make room, since
/// nobody can say whether it arrives.
#[derive(Debug)]
pub(crate) struct Queue {
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
    pub(crate) fn new(limit_bytes: usize) -> Self {
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
    pub(crate) fn begin_collection(&mut self) {
        self.last_collection += 1;
    }

    /// Adds a request at the end. Returns how many lines had to go to make room.
    pub(crate) fn push(&mut self, body: Body, collected: Collected) -> u64 {
        let batch = Batch {
            place: RequestId::of(self.next_sequence()),
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
    pub(crate) fn finish(&mut self) -> Option<Batch> {
        let batch = self.land()?;
        self.passed += 1;
        self.discard(batch.place);
        Some(batch)
    }

    /// The request in flight will not be sent again. Returns how many lines it had.
    pub(crate) fn drop_in_flight(&mut self) -> u64 {
        self.land().map_or(0, |batch| self.lose(&batch.into()))
    }

    /// The keys whose metadata was dropped with a request since the last call.
    pub(crate) fn take_lost_metadata(&mut self) -> Vec<Box<str>> {
        std::mem::take(&mut self.lost_metadata)
            .into_iter()
            .collect()
    }

    /// The request in flight goes back to where it was. Returns how many lines had to go.
    pub(crate) fn put_back(&mut self) -> u64 {
        if let Some(batch) = self.land() {
            self.insert(self.begin_of(batch.collection), batch.into());
        }
        self.make_room()
    }

    /// The request in flight lets the others of its collection go before it. Returns how many lines
    /// had to go, and whether one is next that was sent less often.
    pub(crate) fn step_aside(&mut self) -> (u64, bool) {
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
    pub(crate) fn drop_old(&mut self, now: Instant) -> u64 {
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
    pub(crate) fn close(&mut self) -> u64 {
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

    pub(crate) fn in_flight(&self) -> Option<&Batch> {
        self.in_flight.as_ref()
    }

    /// The place of the newest request so far.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Whether everything up to that place was answered or dropped.
    pub(crate) fn is_settled(&self, sequence: u64) -> bool {
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

    pub(crate) fn lines(&self) -> u64 {
        let in_flight = self.in_flight.as_ref();
        self.waiting_lines + self.left_lines + in_flight.map_or(0, |batch| batch.body.lines)
    }

    pub(crate) fn bytes(&self) -> usize {
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

impl Queue {
    /// From now on requests are kept on disk, too, up to so many bytes. With `marks` the disk says
    /// which one may have been sent.
    pub(crate) fn attach(&mut self, limit_bytes: u64, marks: bool) {
        self.stock = Some(Stock::new(limit_bytes, marks));
    }

    /// Drops one that waits. Returns how many lines it had.
    pub(crate) fn drop_at(&mut self, place: RequestId) -> u64 {
        self.index(place).map_or(0, |index| self.lose_at(index))
    }

    /// Whether the disk knows what is about to be sent.
    pub(crate) fn is_marked(&self) -> bool {
        self.stock
            .as_ref()
            .is_none_or(|stock| stock.journal.is_marked())
    }

    /// Adds requests that earlier processes left on the disk, in order. Returns how many lines had
    /// to go.
    pub(crate) fn restore(&mut self, stored: &[Stored], last_sequence: u64) -> u64 {
        self.skip_to(last_sequence);
        for stored in stored {
            // Nobody knows any more which were collected together.
            self.begin_collection();
            let waiting = Waiting::found(stored, self.last_collection);
            if let Some(stock) = &mut self.stock {
                stock.found(waiting.place, waiting.bytes);
            }
            self.insert(self.waiting.len(), waiting);
        }
        self.make_room()
    }

    /// Numbers up to that one are taken.
    pub(crate) fn skip_to(&mut self, sequence: u64) {
        self.last_sequence = self.last_sequence.max(sequence);
    }

    /// A place of its own for what is found meanwhile.
    pub(crate) fn reserve(&mut self) -> u64 {
        self.next_sequence()
    }

    pub(crate) fn has_disk(&self) -> bool {
        self.stock.is_some()
    }

    /// How much more the disk may hold.
    pub(crate) fn room_on_disk(&self) -> u64 {
        self.stock.as_ref().map_or(0, Stock::room)
    }

    /// Lines that a kill would leave on the disk.
    pub(crate) fn lines_on_disk(&self) -> u64 {
        let Some(stock) = &self.stock else {
            return self.left_lines;
        };
        let in_flight = self.in_flight.iter().map(|one| (one.place, one.body.lines));
        let waiting = self.waiting.iter().map(|one| (one.place, one.lines));
        in_flight
            .chain(waiting)
            .filter(|(place, _)| stock.has_written(*place))
            .map(|(_, lines)| lines)
            .sum()
    }

    /// What the disk should hold and does not hold yet: the next thing to do.
    pub(crate) fn next_job(&mut self) -> Option<Job> {
        self.stock.as_mut()?.journal.next()
    }

    /// Whether the disk is as it should be, for all requests up to that one.
    pub(crate) fn is_on_disk(&self, sequence: u64) -> bool {
        self.stock
            .as_ref()
            .is_none_or(|stock| stock.journal.is_settled(sequence))
    }

    pub(crate) fn written(&mut self, place: RequestId) {
        if let Some(stock) = &mut self.stock {
            stock.written(place);
        }
    }

    /// What was to be done is done, and nothing follows from it.
    pub(crate) fn done(&mut self) {
        if let Some(stock) = &mut self.stock {
            stock.journal.done();
        }
    }

    /// It could not be written: it is in memory only.
    pub(crate) fn not_written(&mut self, place: RequestId) {
        if let Some(stock) = &mut self.stock {
            stock.not_written(place);
        }
    }

    pub(crate) fn fetched(&mut self, place: RequestId, body: Body) {
        if let Some(stock) = &mut self.stock {
            stock.journal.done();
        }
        if let Some(index) = self.index(place)
            && let waiting = &mut self.waiting[index]
            && waiting.body.is_none()
        {
            self.memory_bytes += waiting.bytes;
            waiting.body = Some(body);
            // Not this one: it is about to be sent.
            self.leave_to_disk(Some(place));
        }
    }

    /// It is not on the disk, or not whole. Returns how many lines are lost by that.
    pub(crate) fn not_fetched(&mut self, place: RequestId) -> u64 {
        if let Some(stock) = &mut self.stock {
            stock.journal.done();
        }
        self.lose_if_on_disk(place)
    }

    /// These, and no others, are on the disk. Returns how many lines are lost by that.
    pub(crate) fn compare(&mut self, found: &[Stored]) -> u64 {
        let missing = self.stock.as_ref().map(|stock| stock.missing(found));
        let mut lines = 0;
        for place in missing.unwrap_or_default() {
            if let Some(stock) = &mut self.stock {
                stock.forget(place);
            }
            lines += self.lose_if_on_disk(place);
        }
        self.write_again();
        lines
    }

    /// Has written what is in memory only, as far as there is room, the newest first.
    pub(crate) fn write_again(&mut self) {
        let Some(stock) = &mut self.stock else {
            return;
        };
        let in_flight = self.in_flight.iter();
        let in_flight = in_flight.map(|one| (one.place, one.collected, &one.body));
        let waiting = self.waiting.iter();
        let waiting =
            waiting.filter_map(|one| Some((one.place, one.collected, one.body.as_ref()?)));
        for (place, collected, body) in waiting.rev().chain(in_flight) {
            if !stock.has(place) && stock.has_room(body.len()) {
                stock.keep(place, &collected, body);
            }
        }
    }

    /// Nobody looks after the disk any more: what is only there is left to the next process.
    /// Returns how many lines are lost since they are neither there nor sent.
    pub(crate) fn detach(&mut self) -> u64 {
        let Some(stock) = self.stock.take() else {
            return 0;
        };
        let mut lines = 0;
        for index in (0..self.waiting.len()).rev() {
            let waiting = &self.waiting[index];
            if waiting.body.is_some() && !self.is_closed {
                continue;
            }
            let is_left = stock.has_written(waiting.place);
            if let Some(waiting) = self.remove(index) {
                if is_left {
                    self.left_lines += waiting.lines;
                    self.left_bytes += waiting.bytes;
                } else {
                    lines += waiting.lines;
                }
            }
        }
        lines
    }

    /// In memory, the newest go first: they are needed last.
    pub(crate) fn leave_to_disk(&mut self, except: Option<RequestId>) {
        let Some(stock) = &self.stock else {
            return;
        };
        for waiting in self.waiting.iter_mut().rev() {
            if self.memory_bytes <= self.limit_bytes {
                return;
            }
            if Some(waiting.place) != except && stock.has_written(waiting.place) {
                self.memory_bytes -= waiting.memory_bytes();
                waiting.leave_to_disk();
            }
        }
    }

    /// On disk, the oldest go first. Returns how many lines are lost by that.
    pub(crate) fn make_room_on_disk(&mut self) -> u64 {
        let in_flight = self.in_flight.as_ref().map(|batch| batch.place);
        let mut lines = 0;
        while let Some(stock) = &mut self.stock
            && let Some(place) = stock.excess(in_flight)
        {
            stock.discard(place);
            lines += self.lose_if_on_disk(place);
        }
        lines
    }

    /// Of the request in flight.
    pub(crate) fn mark(&mut self) {
        if let Some(stock) = &mut self.stock
            && stock.marks
        {
            let in_flight = self.in_flight.as_ref();
            stock.journal.mark(in_flight.map(|batch| batch.place));
        }
    }

    pub(crate) fn fetch(&mut self, place: RequestId) {
        if let Some(stock) = &mut self.stock {
            stock.journal.read(place);
        }
    }

    pub(crate) fn keep(&mut self, batch: &Batch) {
        if let Some(stock) = &mut self.stock {
            stock.keep(batch.place, &batch.collected, &batch.body);
        }
    }

    pub(crate) fn discard(&mut self, place: RequestId) {
        if let Some(stock) = &mut self.stock {
            stock.discard(place);
        }
    }

    /// Whether it is on the disk, or about to be.
    pub(crate) fn is_stocked(&self, place: RequestId) -> bool {
        self.stock.as_ref().is_some_and(|stock| stock.has(place))
    }

    /// What has no place in memory has none at all now.
    fn lose_if_on_disk(&mut self, place: RequestId) -> u64 {
        match self.index(place) {
            Some(index) if self.waiting[index].body.is_none() => self.lose_at(index),
            _ => 0,
        }
    }

    fn index(&self, place: RequestId) -> Option<usize> {
        self.waiting
            .iter()
            .position(|waiting| waiting.place == place)
    }
}

// ===== from queue::turn: //! Which request is next.
impl Queue {
    /// The oldest request that is not set aside; it is in flight until it is settled by one of the
    /// calls below. `None` if there is none, or if it must be read from the disk first, which is
    /// asked for then.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        let index = self.waiting.iter().position(|one| !one.is_aside)?;
        self.take_at(index)
    }

    /// The same, but another one, if there is one: of those that were sent least.
    pub(crate) fn take_instead_of(&mut self, place: RequestId) -> Option<Batch> {
        match self.least_sent(|one| !one.is_aside && one.place != place) {
            Some(index) => self.take_at(index),
            None => self.take(),
        }
    }

    /// The same for those that are set aside: of those that were sent least.
    pub(crate) fn take_aside(&mut self) -> Option<Batch> {
        let index = self.least_sent(|one| one.is_aside)?;
        self.take_at(index)
    }

    /// From now on the others do not wait for it; `false` if it is not there any more.
    pub(crate) fn set_aside(&mut self, place: RequestId) -> bool {
        let waiting = self.waiting.iter_mut().find(|one| one.place == place);
        waiting.map(|one| one.is_aside = true).is_some()
    }

    pub(crate) fn has_aside(&self) -> bool {
        self.waiting.iter().any(|one| one.is_aside)
    }

    /// Whether any waits that is not set aside.
    pub(crate) fn has_in_turn(&self) -> bool {
        self.waiting.iter().any(|one| !one.is_aside)
    }

    /// The oldest that is not set aside: when it was collected, and its place.
    pub(crate) fn first_in_turn(&self) -> Option<(Collected, RequestId)> {
        let first = self.waiting.iter().find(|one| !one.is_aside)?;
        Some((first.collected, first.place))
    }

    /// Whether any but this one waits that is not set aside.
    pub(crate) fn has_in_turn_besides(&self, place: RequestId) -> bool {
        let mut others = self.waiting.iter().filter(|one| one.place != place);
        others.any(|one| !one.is_aside)
    }

    /// The oldest of the fewest attempts.
    fn least_sent(&self, among: impl Fn(&Waiting) -> bool) -> Option<usize> {
        let candidates = self.waiting.iter().enumerate();
        candidates
            .filter(|(_, one)| among(one))
            .min_by_key(|(_, one)| one.attempts)
            .map(|(index, _)| index)
    }

    fn take_at(&mut self, index: usize) -> Option<Batch> {
        debug_assert!(self.in_flight.is_none(), "one request at a time");
        let waiting = self.waiting.get(index)?;
        let Some(body) = waiting.body.clone() else {
            self.fetch(waiting.place);
            return None;
        };
        let waiting = self.remove(index)?;
        let batch = Batch {
            place: waiting.place,
            body,
            collected: waiting.collected,
            collection: waiting.collection,
            attempts: waiting.attempts.saturating_add(1),
            first_sent: waiting.first_sent.or_else(|| Some(Instant::now())),
            passed_before: match waiting.first_sent {
                None if waiting.piece == 0 => self.passed,
                _ => waiting.passed_before,
            },
            is_aside: waiting.is_aside,
            piece: waiting.piece,
        };
        self.in_flight = Some(batch.clone());
        self.mark();
        Some(batch)
    }
}

// ===== from queue::halves: //! Requests that are sent in parts.
impl Queue {
    /// The request in flight goes back to the front in two halves; `false` if it is a single line.
    pub(crate) fn split(&mut self) -> bool {
        let piece = self.in_flight.as_ref().map_or(0, |one| one.piece);
        self.split_into(piece)
    }

    /// The same, to find out which of its lines fail: the halves are sent in turn.
    pub(crate) fn split_into_pieces(&mut self) -> bool {
        let piece = match &self.in_flight {
            Some(batch) if !self.passed_since(batch) => batch.piece.saturating_add(1),
            _ => 1,
        };
        self.split_into(piece)
    }

    /// Whether another passed since then.
    pub(crate) fn passed_since(&self, batch: &Batch) -> bool {
        self.passed > batch.passed_before
    }

    fn split_into(&mut self, piece: u8) -> bool {
        let Some(batch) = self.in_flight.take_if(|batch| batch.body.is_divisible()) else {
            return false;
        };
        self.mark();
        self.discard(batch.place);
        let mut part = batch.place.part;
        let mut halves = Vec::new();
        for body in batch.body.divide() {
            let place = RequestId {
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
                first_sent: None,
                passed_before: self.passed,
                is_aside: false,
                piece,
            });
        }
        for half in &halves {
            self.keep(half);
        }
        let index = self.begin_of(batch.collection);
        for half in halves.into_iter().rev() {
            self.insert(index, half.into());
        }
        true
    }
}

// ===== from queue::waiting: //! A request that waits.
/// A request that waits: in memory, on disk, or both.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) place: RequestId,
    pub(crate) collected: Collected,
    pub(crate) collection: u64,
    pub(crate) attempts: u32,
    pub(crate) first_sent: Option<Instant>,
    pub(crate) passed_before: u64,
    pub(crate) is_aside: bool,
    pub(crate) piece: u8,
    /// Data points.
    pub(crate) lines: u64,
    pub(crate) bytes: usize,
    /// `None`: only on disk.
    pub(crate) body: Option<Body>,
    /// The keys that its metadata is about, if it is only on disk.
    described: Box<[Box<str>]>,
}

impl Waiting {
    /// What an earlier process left. This one says anew what its own metrics mean.
    pub(crate) fn found(stored: &Stored, collection: u64) -> Self {
        Self {
            place: stored.place,
            collected: Collected::at(stored.header.collected()),
            collection,
            attempts: 0,
            first_sent: None,
            passed_before: 0,
            is_aside: false,
            piece: 0,
            lines: stored.header.lines,
            bytes: usize::try_from(stored.header.bytes).unwrap_or(usize::MAX),
            body: None,
            described: Box::default(),
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        if self.body.is_some() { self.bytes } else { 0 }
    }

    /// Keeps it on disk only.
    pub(crate) fn leave_to_disk(&mut self) {
        self.described = self.described_keys().into_iter().collect();
        self.body = None;
    }

    pub(crate) fn described_keys(&self) -> Vec<Box<str>> {
        match &self.body {
            Some(body) => body.described_keys().map(Into::into).collect(),
            None => self.described.to_vec(),
        }
    }
}

impl From<Batch> for Waiting {
    fn from(batch: Batch) -> Self {
        Self {
            place: batch.place,
            collected: batch.collected,
            collection: batch.collection,
            attempts: batch.attempts,
            first_sent: batch.first_sent,
            passed_before: batch.passed_before,
            is_aside: batch.is_aside,
            piece: batch.piece,
            lines: batch.body.lines,
            bytes: batch.body.len(),
            body: Some(batch.body),
            described: Box::default(),
        }
    }
}

#[cfg(test)]
mod tests;
