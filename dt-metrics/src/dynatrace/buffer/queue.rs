//! Pending requests: in order, bounded, the newest kept.

use std::collections::{BTreeSet, VecDeque};

use tokio::time::Instant;

use crate::dynatrace::buffer::spooled::Spooled;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, RequestId, SnapshotId};
use crate::dynatrace::retry::bisection::Probe;
use crate::dynatrace::spool::slot::Stored;
use crate::line::Series;

/// If this many series fail by themselves, further requests become dead letters undivided: with
/// thousands of them, looking for each would take tens of thousands of requests.
const MAX_DEAD_SERIES: usize = 100;

/// A pending request: in memory, on disk, or both.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) collected: Collected,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// Whether it is a part of a request that failed.
    pub(crate) is_part: bool,
    /// When it failed for the first time. A part inherits the moment from its whole.
    pub(crate) failing_since: Option<Instant>,
    /// Set for a dead letter: the series that the endpoint does not take although it takes others.
    /// A dead letter of several lines has a series of its own, made of its id.
    pub(crate) dead_letter: Option<Series>,
    /// Data points.
    pub(crate) points: u64,
    /// The collection that it is a part of; `None` for a request of an earlier process.
    collection: Option<u64>,
    /// The state of the cells after that collection, if they are in a file.
    snapshot: Option<SnapshotId>,
    /// Whether other requests were in flight at the same time when it was last sent.
    pub(crate) is_in_company: bool,
    /// The baseline of evidence: how many requests the endpoint had accepted when this one last failed,
    /// including all that were in flight then. A part inherits the moment at which its whole failed.
    accepted_before: Option<u64>,
    bytes: usize,
    /// `None`: only on disk.
    body: Option<Body>,
}

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) id: RequestId,
    pub(crate) body: Body,
    pub(crate) is_repeated: bool,
    pub(crate) is_dead_letter: bool,
}

/// Pending requests, ordered by their ids. Requests in flight are held apart: they cannot be
/// dropped to make room, since they may already have arrived. At most one of them is *at hand*, the
/// one that was taken last or [selected](Self::select): methods about "the request in flight" mean
/// that one.
///
/// A method that returns a number of points has dropped them: the caller counts them with a reason
/// ([`State::drop_points`](crate::dynatrace::buffer::state::State::drop_points)).
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<Request>,
    /// The request at hand.
    in_flight: Option<Request>,
    /// The other requests in flight.
    company: Vec<Request>,
    limit_bytes: usize,
    /// Bytes of all requests in `waiting`.
    waiting_bytes: usize,
    /// Bytes of the requests in `waiting` whose body is in memory.
    memory_bytes: usize,
    /// Data points of all requests in `waiting`.
    waiting_points: u64,
    last_sequence: u64,
    /// The number of the latest collection.
    collection: u64,
    /// How many requests it has until now.
    collected: u64,
    /// The state of the cells after a collection whose requests are not complete yet: none of them is sent.
    held: Option<SnapshotId>,
    /// Requests that the endpoint accepted.
    accepted: u64,
    /// The record of the disk.
    pub(crate) spooled: Spooled,
    /// Left on disk for the next process.
    left_points: u64,
    left_bytes: usize,
    /// Nothing more is sent.
    is_closed: bool,
}

impl Request {
    fn new(id: RequestId, collected: Collected, body: Body) -> Self {
        Self {
            id,
            collected,
            attempts: 0,
            is_part: false,
            failing_since: None,
            dead_letter: None,
            points: body.points,
            collection: None,
            snapshot: None,
            is_in_company: false,
            accepted_before: None,
            bytes: body.len(),
            body: Some(body),
        }
    }

    fn memory_bytes(&self) -> usize {
        if self.body.is_some() { self.bytes } else { 0 }
    }

    fn is_other(&self, suspect: RequestId, probe: Probe) -> bool {
        let is_related = self.id.sequence == suspect.sequence;
        let is_wanted = is_related == (probe == Probe::Part);
        is_wanted && self.id != suspect && self.dead_letter.is_none()
    }
}

impl Queue {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            in_flight: None,
            company: Vec::new(),
            limit_bytes,
            waiting_bytes: 0,
            memory_bytes: 0,
            waiting_points: 0,
            last_sequence: 0,
            collection: 0,
            collected: 0,
            held: None,
            accepted: 0,
            spooled: Spooled::default(),
            left_points: 0,
            left_bytes: 0,
            is_closed: false,
        }
    }

    /// Adds a request at the end, which may be the last one of its collection. Returns the number of points that were dropped to make room.
    #[must_use]
    pub(crate) fn push(&mut self, body: Body, collected: Collected, is_last: bool) -> u64 {
        let id = RequestId::of(self.reserve());
        self.collected += 1;
        let requests = is_last.then_some(self.collected);
        self.add(Request {
            collection: Some(self.collection),
            snapshot: self.held.map(|held| SnapshotId { requests, ..held }),
            ..Request::new(id, collected, body)
        });
        self.make_room()
    }

    /// Requests that are added from now on are of another collection. If the cells are in a file, with this
    /// snapshot after the collection, its requests are not sent before [`end_collection`](Self::end_collection).
    pub(crate) fn begin_collection(&mut self, snapshot: Option<SnapshotId>) {
        self.collection += 1;
        self.collected = 0;
        self.held = snapshot;
    }

    /// The requests of the collection are complete, and may be sent.
    pub(crate) fn end_collection(&mut self) {
        self.held = None;
    }

    /// Whether a request must not be sent yet.
    fn is_held(&self, request: &Request) -> bool {
        let both = self.held.as_ref().zip(request.snapshot.as_ref());
        both.is_some_and(|(held, snapshot)| held.is_of(snapshot))
    }

    /// Whether less than a quarter of the memory or of the disk is free, so that further requests may soon
    /// drop others.
    pub(crate) fn is_crowded(&self) -> bool {
        // Bodies that are on disk as well make room when it is needed.
        let only_here = self
            .waiting
            .iter()
            .filter(|it| !self.spooled.has_written(it.id));
        let used: usize = only_here.map(Request::memory_bytes).sum();
        self.limit_bytes.saturating_sub(used) < self.limit_bytes / 4 || self.spooled.is_crowded()
    }

    /// Whether each request that is held is on disk. Earlier requests that are only in memory do not matter:
    /// if the process dies, they are lost in any case.
    pub(crate) fn is_on_disk(&self) -> bool {
        let mut held = self.waiting.iter().filter(|it| self.is_held(it));
        self.spooled.is_attached() && held.all(|it| self.spooled.has_written(it.id))
    }

    /// Takes a number for a request that is found on disk while others are pending.
    pub(crate) fn reserve(&mut self) -> u64 {
        self.last_sequence += 1;
        self.last_sequence
    }

    /// Numbers up to this one are taken.
    pub(crate) fn skip_to(&mut self, sequence: u64) {
        self.last_sequence = self.last_sequence.max(sequence);
    }

    /// Adds requests that earlier processes left on disk, in order. Returns the number of points
    /// that were dropped to make room.
    #[must_use]
    pub(crate) fn restore(&mut self, stored: &[Stored], last_sequence: u64) -> u64 {
        self.skip_to(last_sequence);
        for stored in stored {
            let request = Request {
                id: stored.id,
                collected: Collected::at(stored.header.collected()),
                attempts: 0,
                is_part: false,
                failing_since: None,
                dead_letter: None,
                points: stored.header.lines,
                collection: None,
                snapshot: None,
                is_in_company: false,
                accepted_before: None,
                bytes: usize::try_from(stored.header.bytes).unwrap_or(usize::MAX),
                body: None,
            };
            self.spooled.found(request.id, request.bytes);
            self.insert(request);
        }
        self.make_room()
    }
}

/// Which request is sent next.
impl Queue {
    /// Takes the oldest request that is not a dead letter. It is in flight until one of the calls
    /// below settles it. `None` if there is none, if it has to wait for the requests in flight, or if it
    /// must be read from disk first; reading is requested then.
    pub(crate) fn take(&mut self) -> Option<Outgoing> {
        loop {
            let index = self
                .waiting
                .iter()
                .position(|it| it.dead_letter.is_none() && !self.is_held(it))?;
            if !self.may_join(index) {
                return None;
            }
            if !self.set_dead_lines_apart(index) {
                return self.take_at(index);
            }
        }
    }

    /// Takes the request with the fewest attempts that can be tried in place of `suspect`. If there
    /// is none any more, takes the next one as [`take`](Self::take) does.
    pub(crate) fn take_other(&mut self, suspect: RequestId, probe: Probe) -> Option<Outgoing> {
        let others = self.waiting.iter().enumerate();
        let index = others
            .filter(|(_, it)| it.is_other(suspect, probe) && !self.is_held(it))
            .min_by_key(|(_, it)| it.attempts)
            .map(|(index, _)| index);
        match index {
            Some(index) if !self.set_dead_lines_apart(index) => self.take_at(index),
            Some(_) => self.take_other(suspect, probe),
            None => self.take(),
        }
    }

    /// Takes the dead letter with the fewest attempts. Within a series it is always the oldest,
    /// which keeps the order.
    pub(crate) fn take_dead_letter(&mut self) -> Option<Outgoing> {
        let mut seen = BTreeSet::new();
        let letters = self.waiting.iter().enumerate();
        let (index, _) = letters
            .filter(|(_, it)| !self.is_held(it))
            .filter(|(_, it)| it.dead_letter.is_some_and(|series| seen.insert(series)))
            .min_by_key(|(_, it)| it.attempts)?;
        self.take_at(index)
    }

    /// The oldest request that is not a dead letter.
    pub(crate) fn first(&self) -> Option<&Request> {
        self.waiting.iter().find(|it| it.dead_letter.is_none())
    }

    /// Whether a request is pending that can be tried in place of `suspect`.
    pub(crate) fn has_other(&self, suspect: RequestId, probe: Probe) -> bool {
        let mut waiting = self.waiting.iter();
        waiting.any(|it| it.is_other(suspect, probe) && !self.is_held(it))
    }

    /// The series of all dead letters.
    pub(crate) fn dead_series(&self) -> BTreeSet<Series> {
        let waiting = self.waiting.iter();
        waiting.filter_map(|it| it.dead_letter).collect()
    }

    /// Whether a request may be in flight together with the requests that are: all are of one
    /// collection, so that they have no series in common.
    fn may_join(&self, index: usize) -> bool {
        let collection = self.waiting.get(index).and_then(|it| it.collection);
        self.all_in_flight().all(|it| {
            it.dead_letter.is_none() && it.collection.is_some() && it.collection == collection
        })
    }

    fn take_at(&mut self, index: usize) -> Option<Outgoing> {
        let waiting = self.waiting.get(index)?;
        let Some(body) = waiting.body.clone() else {
            self.spooled.want_read(waiting.id);
            return None;
        };
        let mut request = self.remove(index)?;
        self.company.extend(self.in_flight.take());
        for it in &mut self.company {
            it.is_in_company = true;
        }
        request.is_in_company = !self.company.is_empty();
        request.attempts = request.attempts.saturating_add(1);
        let outgoing = Outgoing {
            id: request.id,
            body,
            is_repeated: request.attempts > 1,
            is_dead_letter: request.dead_letter.is_some(),
        };
        self.in_flight = Some(request);
        self.mark();
        Some(outgoing)
    }
}

/// The request in flight, after its attempt.
impl Queue {
    pub(crate) fn in_flight(&self) -> Option<&Request> {
        self.in_flight.as_ref()
    }

    /// The number of requests in flight.
    pub(crate) fn count_in_flight(&self) -> usize {
        self.all_in_flight().count()
    }

    fn all_in_flight(&self) -> impl Iterator<Item = &Request> {
        self.in_flight.iter().chain(&self.company)
    }

    /// Takes this request in flight at hand, or none if it is not in flight any more.
    pub(crate) fn select(&mut self, id: RequestId) {
        self.company.extend(self.in_flight.take());
        let index = self.company.iter().position(|it| it.id == id);
        self.in_flight = index.map(|index| self.company.swap_remove(index));
    }

    /// Takes any request in flight at hand; `false` if there is none.
    pub(crate) fn select_any(&mut self) -> bool {
        self.in_flight = self.in_flight.take().or_else(|| self.company.pop());
        self.in_flight.is_some()
    }

    /// The request in flight was answered.
    pub(crate) fn finish_in_flight(&mut self) -> Option<Request> {
        let request = self.land()?;
        self.accepted += 1;
        self.spooled.want_removed(request.id);
        if let Some(series) = request.dead_letter {
            // The endpoint takes this series again: its lines wait no longer.
            let letters = self.waiting.iter_mut();
            for letter in letters.filter(|it| it.dead_letter == Some(series)) {
                letter.dead_letter = None;
            }
        }
        Some(request)
    }

    /// The request in flight will not be sent again. Returns its number of points.
    #[must_use]
    pub(crate) fn drop_in_flight(&mut self) -> u64 {
        self.land().map_or(0, |request| self.lose(&request))
    }

    /// The request in flight failed and goes back to its place. Returns the number of points that
    /// were dropped to make room.
    #[must_use]
    pub(crate) fn put_back(&mut self) -> u64 {
        if let Some(request) = self.land() {
            self.insert(Request {
                accepted_before: Some(self.accepted_by_now()),
                failing_since: request.failing_since.or_else(|| Some(Instant::now())),
                ..request
            });
        }
        self.make_room()
    }

    /// How many requests the endpoint will have accepted without any that is sent from now on. A
    /// request in flight may have been accepted before the failure of another one, so it is not
    /// evidence.
    fn accepted_by_now(&self) -> u64 {
        self.accepted + self.count_in_flight() as u64
    }

    /// Whether the endpoint accepted another request since this one failed: it works, so this one is
    /// at fault.
    pub(crate) fn is_proven_guilty(&self, request: &Request) -> bool {
        request
            .accepted_before
            .is_some_and(|before| self.accepted > before)
    }

    /// Whether parts of the request in flight can be sent by themselves.
    pub(crate) fn is_divisible(&self) -> bool {
        let body = self.in_flight.as_ref().and_then(|it| it.body.as_ref());
        body.is_some_and(Body::is_divisible)
    }

    /// Whether to look for the failing lines in the request in flight. If very many lines fail,
    /// finding each of them would take thousands of requests.
    pub(crate) fn is_worth_dividing(&self) -> bool {
        self.is_divisible() && self.dead_series().len() < MAX_DEAD_SERIES
    }

    /// Puts the request in flight back in two halves; `false` if it is a single line.
    pub(crate) fn split_in_flight(&mut self) -> bool {
        if !self.is_divisible() {
            return false;
        }
        if let Some(request) = self.land() {
            self.replace_by_halves(&request);
        }
        true
    }

    /// Replaces a request that waits by its halves, if its body is in memory and has any.
    pub(crate) fn split_waiting(&mut self, id: RequestId) {
        if let Some(index) = self.index(id)
            && let Some(body) = &self.waiting[index].body
            && body.is_divisible()
            && let Some(request) = self.remove(index)
        {
            self.replace_by_halves(&request);
        }
    }

    /// The request in flight fails although others are accepted: it becomes a dead letter. If it is
    /// a single line, so do all lines of its series that are pending or come later. A request of
    /// several lines stands for itself, by a series that no line has.
    pub(crate) fn bury_in_flight(&mut self) {
        let is_divisible = self.is_divisible();
        if let Some(mut request) = self.land() {
            let single = request.body.as_ref().filter(|_| !is_divisible);
            request.dead_letter = Some(single.map_or(Series::of(request.id), Body::series));
            self.insert(request);
        }
    }

    /// Takes the lines of dead series out of a request that waits, into dead letters; `false` if
    /// it has none.
    fn set_dead_lines_apart(&mut self, index: usize) -> bool {
        let dead = self.dead_series();
        if dead.is_empty() {
            return false;
        }
        let body = self.waiting.get(index).and_then(|it| it.body.as_ref());
        let Some((rest, letters)) = body.and_then(|body| body.without(&dead)) else {
            return false;
        };
        if let Some(request) = self.remove(index) {
            let rest = rest.into_iter().map(|body| (body, None));
            let letters = letters
                .into_iter()
                .map(|(series, body)| (body, Some(series)));
            self.replace(&request, rest.chain(letters).collect());
        }
        true
    }

    fn replace_by_halves(&mut self, request: &Request) {
        let halves = request.body.iter().flat_map(Body::divide);
        self.replace(request, halves.map(|half| (half, None)).collect());
    }

    /// Puts parts in the place of a request. A part is named by its start, so that the next process
    /// detects duplicates if this process dies in between: see
    /// [`Slot::scan`](crate::dynatrace::spool::slot::Slot::scan).
    fn replace(&mut self, request: &Request, parts: Vec<(Body, Option<Series>)>) {
        self.spooled.want_removed(request.id);
        let mut id = request.id;
        for (body, dead_letter) in parts {
            let next_part = id.part + body.all_lines();
            self.add(Request {
                is_part: true,
                failing_since: request.failing_since,
                dead_letter,
                collection: request.collection,
                snapshot: request.snapshot,
                accepted_before: Some(self.accepted_by_now()),
                ..Request::new(id, request.collected, body)
            });
            id.part = next_part;
        }
    }

    /// The request at hand is not in flight any more.
    fn land(&mut self) -> Option<Request> {
        let request = self.in_flight.take();
        self.mark();
        request
    }

    /// Records on disk which request may have been sent.
    fn mark(&mut self) {
        let sending = self.in_flight.as_ref().map(|it| it.id);
        self.spooled.mark(sending);
    }
}

/// Bounds and sums.
impl Queue {
    /// Drops requests that Dynatrace would reject for their age. Returns their number of points.
    #[must_use]
    pub(crate) fn drop_old(&mut self, now: Instant) -> u64 {
        let mut points = 0;
        while self
            .waiting
            .front()
            .is_some_and(|oldest| oldest.collected.is_too_old(now))
        {
            points += self.lose_at(0);
        }
        points
    }

    /// Drops a request that waits. Returns its number of points.
    #[must_use]
    pub(crate) fn drop_waiting(&mut self, id: RequestId) -> u64 {
        self.index(id).map_or(0, |index| self.lose_at(index))
    }

    /// Sends nothing more. Requests that are on disk, or about to be, are left to the next
    /// process. Returns the number of points of all others, which are dropped.
    #[must_use]
    pub(crate) fn close(&mut self) -> u64 {
        self.is_closed = true;
        while self.select_any() {
            self.land().into_iter().for_each(|it| self.insert(it));
        }
        let mut points = 0;
        for index in (0..self.waiting.len()).rev() {
            if !self.spooled.has(self.waiting[index].id) {
                points += self.lose_at(index);
            }
        }
        points
    }

    /// The number of the newest request so far.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Whether all requests up to this number were answered or dropped.
    pub(crate) fn is_drained(&self, sequence: u64) -> bool {
        let pending = self.all_in_flight().chain(self.waiting.front());
        pending.map(|it| it.id.sequence).all(|it| it > sequence)
    }

    pub(crate) fn points(&self) -> u64 {
        let in_flight: u64 = self.all_in_flight().map(|it| it.points).sum();
        self.waiting_points + self.left_points + in_flight
    }

    pub(crate) fn bytes(&self) -> usize {
        let in_flight: usize = self.all_in_flight().map(|it| it.bytes).sum();
        self.waiting_bytes + self.left_bytes + in_flight
    }

    /// Data points that survive the death of this process.
    pub(crate) fn points_on_disk(&self) -> u64 {
        let pending = self.all_in_flight().chain(&self.waiting);
        let on_disk = pending.filter(|it| self.spooled.has_written(it.id));
        self.left_points + on_disk.map(|it| it.points).sum::<u64>()
    }

    fn add(&mut self, request: Request) {
        if let Some(body) = &request.body {
            self.spooled
                .want_written(request.id, &request.collected, body, request.snapshot);
        }
        self.insert(request);
    }

    fn insert(&mut self, request: Request) {
        self.waiting_bytes += request.bytes;
        self.waiting_points += request.points;
        self.memory_bytes += request.memory_bytes();
        let index = self.waiting.partition_point(|it| it.id < request.id);
        self.waiting.insert(index, request);
    }

    fn remove(&mut self, index: usize) -> Option<Request> {
        let request = self.waiting.remove(index)?;
        self.waiting_bytes -= request.bytes;
        self.waiting_points -= request.points;
        self.memory_bytes -= request.memory_bytes();
        Some(request)
    }

    fn index(&self, id: RequestId) -> Option<usize> {
        self.waiting.binary_search_by_key(&id, |it| it.id).ok()
    }

    /// Keeps to the bounds of memory and disk. Returns the number of points that were dropped.
    #[must_use]
    fn make_room(&mut self) -> u64 {
        self.release_memory(None);
        let mut points = 0;
        while self.memory_bytes > self.limit_bytes
            && let Some(oldest) = self.waiting.iter().position(|it| it.body.is_some())
        {
            points += self.lose_at(oldest);
        }
        // On disk, the oldest make room.
        let in_flight: Vec<_> = self.all_in_flight().map(|it| it.id).collect();
        while let Some(id) = self.spooled.excess(&in_flight) {
            self.spooled.want_removed(id);
            points += self.lose_if_only_on_disk(id);
        }
        points
    }

    /// Takes bodies that are on disk out of memory, if there are too many: the newest first, since
    /// they are needed last.
    fn release_memory(&mut self, except: Option<RequestId>) {
        if self.memory_bytes <= self.limit_bytes {
            return;
        }
        for waiting in self.waiting.iter_mut().rev() {
            if self.memory_bytes <= self.limit_bytes {
                return;
            }
            if Some(waiting.id) != except && self.spooled.has_written(waiting.id) {
                self.memory_bytes -= waiting.memory_bytes();
                waiting.body = None;
            }
        }
    }

    #[must_use]
    fn lose_at(&mut self, index: usize) -> u64 {
        self.remove(index).map_or(0, |request| self.lose(&request))
    }

    #[must_use]
    fn lose(&mut self, request: &Request) -> u64 {
        self.spooled.want_removed(request.id);
        request.points
    }

    /// A request that is not in memory is lost with its file. Returns its number of points.
    #[must_use]
    fn lose_if_only_on_disk(&mut self, id: RequestId) -> u64 {
        match self.index(id) {
            Some(index) if self.waiting[index].body.is_none() => self.lose_at(index),
            _ => 0,
        }
    }
}

/// The disk. Nothing here waits for it: the queue records which requests the disk should hold, and
/// the spooler reports the results.
impl Queue {
    /// From now on requests are kept on disk as well, up to this many bytes. With
    /// `at_most_once`, the disk records which request may have been sent.
    pub(crate) fn attach(&mut self, limit_bytes: u64, at_most_once: bool) {
        self.spooled.attach(limit_bytes, at_most_once);
    }

    /// The body of a request was read.
    pub(crate) fn fetched(&mut self, id: RequestId, body: Body) {
        self.spooled.done();
        if let Some(index) = self.index(id)
            && let waiting = &mut self.waiting[index]
            && waiting.body.is_none()
        {
            self.memory_bytes += waiting.bytes;
            waiting.body = Some(body);
            // This one is about to be sent.
            self.release_memory(Some(id));
        }
    }

    /// A request is not on disk, or not whole. Returns the number of points that are lost.
    #[must_use]
    pub(crate) fn not_fetched(&mut self, id: RequestId) -> u64 {
        self.spooled.done();
        self.lose_if_only_on_disk(id)
    }

    /// These files, and no others, are on disk. Returns the number of points that are lost.
    #[must_use]
    pub(crate) fn compare(&mut self, found: &[Stored]) -> u64 {
        let mut points = 0;
        for id in self.spooled.missing(found) {
            self.spooled.forget(id);
            points += self.lose_if_only_on_disk(id);
        }
        self.write_again();
        self.spooled.record_again();
        points
    }

    /// The file of a request in flight is gone, but nobody else has it: it is written again.
    pub(crate) fn write_in_flight_again(&mut self, id: RequestId) {
        self.select(id);
        let Some(request) = &self.in_flight else {
            return;
        };
        self.spooled.forget(request.id);
        if let Some(body) = &request.body
            && self.spooled.has_room(request.bytes)
        {
            self.spooled
                .want_written(request.id, &request.collected, body, request.snapshot);
        }
    }

    /// Another process has all files that were written: it sends their requests. Returns the number
    /// of their points.
    #[must_use]
    pub(crate) fn give_up_written(&mut self) -> u64 {
        let mut points = 0;
        for id in self.spooled.missing(&[]) {
            self.spooled.forget(id);
            if self.all_in_flight().any(|it| it.id == id) {
                self.select(id);
                points += self.drop_in_flight();
            } else if let Some(index) = self.index(id) {
                points += self.lose_at(index);
            }
        }
        self.spooled.record_again();
        points
    }

    /// Writes requests that are only in memory, the newest first, as long as there is room.
    pub(crate) fn write_again(&mut self) {
        let in_flight = self.in_flight.iter().chain(&self.company);
        for request in self.waiting.iter().rev().chain(in_flight) {
            if let Some(body) = &request.body
                && !self.spooled.has(request.id)
                && self.spooled.has_room(request.bytes)
            {
                self.spooled
                    .want_written(request.id, &request.collected, body, request.snapshot);
            }
        }
    }

    /// Nobody looks after the disk any more: requests that are only there are left to the next
    /// process. Returns the number of points that are neither there nor sent.
    #[must_use]
    pub(crate) fn detach(&mut self) -> u64 {
        let spooled = std::mem::take(&mut self.spooled);
        let mut points = 0;
        if !spooled.is_attached() {
            return points;
        }
        for index in (0..self.waiting.len()).rev() {
            let waiting = &self.waiting[index];
            // Until the queue is closed, a request in memory can still be sent.
            if !self.is_closed && waiting.body.is_some() {
                continue;
            }
            let is_left = spooled.has_written(waiting.id);
            if let Some(request) = self.remove(index) {
                if is_left {
                    self.left_points += request.points;
                    self.left_bytes += request.bytes;
                } else {
                    points += request.points;
                }
            }
        }
        points
    }
}

#[cfg(test)]
mod tests;
