//! The queue and its spool. Nothing here waits for a disk: the queue says what should be there,
//! and is told what became of it.

use super::super::body::Body;
use super::super::place::Place;
use super::super::spool::{Job, Stored};
use super::stock::Stock;
use super::waiting::Waiting;
use super::{Batch, Queue};

impl Queue {
    /// From now on requests are kept on disk, too, up to so many bytes. With `marks` the disk says
    /// which one may have been sent.
    pub(in crate::dynatrace) fn attach(&mut self, limit_bytes: u64, marks: bool) {
        self.stock = Some(Stock::new(limit_bytes, marks));
    }

    /// Drops one that waits. Returns how many lines it had.
    pub(in crate::dynatrace) fn drop_at(&mut self, place: Place) -> u64 {
        self.index(place).map_or(0, |index| self.lose_at(index))
    }

    /// Whether the disk knows what is about to be sent.
    pub(in crate::dynatrace) fn is_marked(&self) -> bool {
        self.stock
            .as_ref()
            .is_none_or(|stock| stock.journal.is_marked())
    }

    /// Adds requests that earlier processes left on the disk, in order. Returns how many lines had
    /// to go.
    pub(in crate::dynatrace) fn restore(&mut self, stored: &[Stored], last_sequence: u64) -> u64 {
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
    pub(in crate::dynatrace) fn skip_to(&mut self, sequence: u64) {
        self.last_sequence = self.last_sequence.max(sequence);
    }

    /// A place of its own for what is found meanwhile.
    pub(in crate::dynatrace) fn reserve(&mut self) -> u64 {
        self.next_sequence()
    }

    pub(in crate::dynatrace) fn has_disk(&self) -> bool {
        self.stock.is_some()
    }

    /// How much more the disk may hold.
    pub(in crate::dynatrace) fn room_on_disk(&self) -> u64 {
        self.stock.as_ref().map_or(0, Stock::room)
    }

    /// Lines that a kill would leave on the disk.
    pub(in crate::dynatrace) fn lines_on_disk(&self) -> u64 {
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
    pub(in crate::dynatrace) fn next_job(&mut self) -> Option<Job> {
        self.stock.as_mut()?.journal.next()
    }

    /// Whether the disk is as it should be, for all requests up to that one.
    pub(in crate::dynatrace) fn is_on_disk(&self, sequence: u64) -> bool {
        self.stock
            .as_ref()
            .is_none_or(|stock| stock.journal.is_settled(sequence))
    }

    pub(in crate::dynatrace) fn written(&mut self, place: Place) {
        if let Some(stock) = &mut self.stock {
            stock.written(place);
        }
    }

    /// What was to be done is done, and nothing follows from it.
    pub(in crate::dynatrace) fn done(&mut self) {
        if let Some(stock) = &mut self.stock {
            stock.journal.done();
        }
    }

    /// It could not be written: it is in memory only.
    pub(in crate::dynatrace) fn not_written(&mut self, place: Place) {
        if let Some(stock) = &mut self.stock {
            stock.not_written(place);
        }
    }

    pub(in crate::dynatrace) fn fetched(&mut self, place: Place, body: Body) {
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
    pub(in crate::dynatrace) fn not_fetched(&mut self, place: Place) -> u64 {
        if let Some(stock) = &mut self.stock {
            stock.journal.done();
        }
        self.lose_if_on_disk(place)
    }

    /// These, and no others, are on the disk. Returns how many lines are lost by that.
    pub(in crate::dynatrace) fn compare(&mut self, found: &[Stored]) -> u64 {
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
    pub(in crate::dynatrace) fn write_again(&mut self) {
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
    pub(in crate::dynatrace) fn detach(&mut self) -> u64 {
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
    pub(super) fn leave_to_disk(&mut self, except: Option<Place>) {
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
    pub(super) fn make_room_on_disk(&mut self) -> u64 {
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
    pub(super) fn mark(&mut self) {
        if let Some(stock) = &mut self.stock
            && stock.marks
        {
            let in_flight = self.in_flight.as_ref();
            stock.journal.mark(in_flight.map(|batch| batch.place));
        }
    }

    pub(super) fn fetch(&mut self, place: Place) {
        if let Some(stock) = &mut self.stock {
            stock.journal.read(place);
        }
    }

    pub(super) fn keep(&mut self, batch: &Batch) {
        if let Some(stock) = &mut self.stock {
            stock.keep(batch.place, &batch.collected, &batch.body);
        }
    }

    pub(super) fn discard(&mut self, place: Place) {
        if let Some(stock) = &mut self.stock {
            stock.discard(place);
        }
    }

    /// Whether it is on the disk, or about to be.
    pub(super) fn is_stocked(&self, place: Place) -> bool {
        self.stock.as_ref().is_some_and(|stock| stock.has(place))
    }

    /// What has no place in memory has none at all now.
    fn lose_if_on_disk(&mut self, place: Place) -> u64 {
        match self.index(place) {
            Some(index) if self.waiting[index].body.is_none() => self.lose_at(index),
            _ => 0,
        }
    }

    fn index(&self, place: Place) -> Option<usize> {
        self.waiting
            .iter()
            .position(|waiting| waiting.place == place)
    }
}
