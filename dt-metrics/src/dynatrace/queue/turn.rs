//! Which request is next.

use tokio::time::Instant;

use super::super::age::Collected;
use super::super::place::Place;
use super::waiting::Waiting;
use super::{Batch, Queue};

impl Queue {
    /// The oldest request that is not set aside; it is in flight until it is settled by one of the
    /// calls below. `None` if there is none, or if it must be read from the disk first, which is
    /// asked for then.
    pub(in crate::dynatrace) fn take(&mut self) -> Option<Batch> {
        let index = self.waiting.iter().position(|one| !one.is_aside)?;
        self.take_at(index)
    }

    /// The same, but another one, if there is one: of those that were sent least.
    pub(in crate::dynatrace) fn take_instead_of(&mut self, place: Place) -> Option<Batch> {
        match self.least_sent(|one| !one.is_aside && one.place != place) {
            Some(index) => self.take_at(index),
            None => self.take(),
        }
    }

    /// The same for those that are set aside: of those that were sent least.
    pub(in crate::dynatrace) fn take_aside(&mut self) -> Option<Batch> {
        let index = self.least_sent(|one| one.is_aside)?;
        self.take_at(index)
    }

    /// From now on the others do not wait for it; `false` if it is not there any more.
    pub(in crate::dynatrace) fn set_aside(&mut self, place: Place) -> bool {
        let waiting = self.waiting.iter_mut().find(|one| one.place == place);
        waiting.map(|one| one.is_aside = true).is_some()
    }

    pub(in crate::dynatrace) fn has_aside(&self) -> bool {
        self.waiting.iter().any(|one| one.is_aside)
    }

    /// Whether any waits that is not set aside.
    pub(in crate::dynatrace) fn has_in_turn(&self) -> bool {
        self.waiting.iter().any(|one| !one.is_aside)
    }

    /// The oldest that is not set aside: when it was collected, and its place.
    pub(in crate::dynatrace) fn first_in_turn(&self) -> Option<(Collected, Place)> {
        let first = self.waiting.iter().find(|one| !one.is_aside)?;
        Some((first.collected, first.place))
    }

    /// Whether any but this one waits that is not set aside.
    pub(in crate::dynatrace) fn has_in_turn_besides(&self, place: Place) -> bool {
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
