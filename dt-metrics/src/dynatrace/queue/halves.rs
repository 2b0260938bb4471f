//! Requests that are sent in parts.

use super::super::place::Place;
use super::{Batch, Queue};

impl Queue {
    /// The request in flight goes back to the front in two halves; `false` if it is a single line.
    pub(in crate::dynatrace) fn split(&mut self) -> bool {
        let piece = self.in_flight.as_ref().map_or(0, |one| one.piece);
        self.split_into(piece)
    }

    /// The same, to find out which of its lines fail: the halves are sent in turn.
    pub(in crate::dynatrace) fn split_into_pieces(&mut self) -> bool {
        let piece = match &self.in_flight {
            Some(batch) if !self.passed_since(batch) => batch.piece.saturating_add(1),
            _ => 1,
        };
        self.split_into(piece)
    }

    /// Whether another passed since then.
    pub(in crate::dynatrace) fn passed_since(&self, batch: &Batch) -> bool {
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
