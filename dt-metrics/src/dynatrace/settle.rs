//! What follows from an attempt.

use std::time::Duration;

use super::aside::{Aside, Doubt};
use super::outcome::{Next, Others, Outcome};
use super::retry::Pace;
use super::shared::Shared;
use super::state::State;

/// How to go on after an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// With the next request.
    Next,
    /// With another one: it may fare better.
    Other,
    /// After a pause, at least as long as the server asked for.
    Pause(Pace, Option<Duration>),
}

impl Shared {
    /// Books what became of the request in flight.
    pub(super) fn settle(&self, outcome: &Outcome) -> Step {
        let mut state = self.lock();
        if state.is_stopped() {
            return Step::Next; // It was booked when stopping.
        }
        state.end(outcome);
        let step = match outcome.next(self.ambiguous()) {
            Next::Done { invalid } => {
                state.accept(invalid);
                Step::Next
            }
            Next::Retry { pace, after } => state.keep(outcome, (pace, after), None),
            Next::StepAside { pace, others } => state.keep(outcome, (pace, None), Some(others)),
            Next::Again => {
                state.put_back();
                Step::Next
            }
            Next::Split => {
                if !state.queue.split() {
                    state.drop_in_flight("request_too_large");
                }
                Step::Next
            }
            Next::Drop { reason, pause } => {
                state.drop_in_flight(reason);
                pause.map_or(Step::Next, |pace| Step::Pause(pace, None))
            }
        };
        // Where others are to be tried, they may yet be delivered.
        if step != Step::Other || !state.queue.has_in_turn() {
            state.note_refusal(outcome);
        }
        self.changed(state);
        step
    }
}

impl State {
    /// The request in flight is to be sent again.
    fn keep(
        &mut self,
        outcome: &Outcome,
        (pace, after): (Pace, Option<Duration>),
        others: Option<Others>,
    ) -> Step {
        let doubt = self.aside.take_doubt();
        let Some(batch) = self.queue.in_flight() else {
            return Step::Next; // Never: it is.
        };
        let this = batch.place;
        let may_be_of_this_one = outcome.may_be_of_this_one();
        if batch.is_aside && may_be_of_this_one {
            self.put_back();
            self.aside.failed(pace, after);
            return Step::Other;
        }
        // If that one failed, and then this one, it is the endpoint.
        let is_alone = doubt.is_none_or(|doubt| doubt.place == this);
        let is_doubtful = is_alone
            && may_be_of_this_one
            // One showed already that it need not be the endpoint.
            && (self.queue.has_aside() || Aside::is_doubtful(batch));
        let has_fresh_others = if others.is_some() {
            self.step_aside()
        } else {
            self.put_back();
            false
        };
        if has_fresh_others && others == Some(Others::AtOnce) {
            return Step::Other;
        }
        if is_doubtful && self.queue.has_in_turn_besides(this) {
            self.aside.doubt(Doubt { place: this, pace });
            if after.is_none() {
                return Step::Other;
            }
        }
        Step::Pause(pace, after)
    }

    /// The endpoint accepts requests: what was tried before this one failed by itself.
    pub(super) fn passed(&mut self, was_aside: bool) {
        let doubt = self.aside.take_doubt();
        if was_aside {
            self.aside.passed();
        } else if let Some(Doubt { place, pace }) = doubt {
            let is_first = !self.queue.has_aside();
            if self.queue.set_aside(place) {
                self.news.set_aside += 1;
                if is_first {
                    self.aside.begin(pace);
                }
            }
        }
    }
}
