//! What waits, and what became of the rest.

use std::collections::{BTreeMap, VecDeque};

use super::message::Message;

#[derive(Debug, Default)]
pub(super) struct State {
    /// Oldest first; the one that is being sent is not among them.
    pub(super) waiting: VecDeque<Message>,
    pub(super) bytes: usize,
    /// Data points of the one that is being sent.
    pub(super) in_flight: u64,
    /// Collections, ever.
    pub(super) enqueued: u64,
    /// Collections that were answered or dropped, ever.
    pub(super) settled: u64,
    /// Data points that were not delivered, ever.
    pub(super) lost: u64,
    /// The same since it was last said, by reason.
    pub(super) unsaid: BTreeMap<&'static str, u64>,
    pub(super) last_error: Option<String>,
    /// Why waiting does not help, by the latest attempt.
    pub(super) refusal: Option<String>,
    /// Attempt at once.
    pub(super) hurry: bool,
    pub(super) stopped: bool,
}

impl State {
    pub(super) fn is_settled(&self) -> bool {
        self.settled == self.enqueued
    }

    pub(super) fn take(&mut self) -> Option<Message> {
        let message = self.waiting.pop_front()?;
        self.bytes -= message.body.len();
        Some(message)
    }

    pub(super) fn put_back(&mut self, message: Message) {
        if self.stopped {
            self.lose(&message, "shutdown");
            return;
        }
        self.bytes += message.body.len();
        self.waiting.push_front(message);
    }

    /// In place of one message, its halves.
    pub(super) fn replace(&mut self, [first, second]: [Message; 2]) {
        self.put_back(second);
        self.put_back(first);
    }

    pub(super) fn lose(&mut self, message: &Message, reason: &'static str) {
        self.end(message);
        self.lose_points(message.points, reason);
    }

    pub(super) fn end(&mut self, message: &Message) {
        self.settled += u64::from(message.is_last);
    }

    pub(super) fn lose_points(&mut self, points: u64, reason: &'static str) {
        if points > 0 {
            self.lost += points;
            *self.unsaid.entry(reason).or_default() += points;
        }
    }
}
