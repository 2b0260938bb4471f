//! What follows from an attempt.

use crate::dynatrace::buffer::Shared;
use crate::dynatrace::buffer::state::State;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::retry::backoff::Pace;
use crate::dynatrace::retry::dead_letter::{Aside, Doubt};
use crate::dynatrace::retry::outcome::{Next, Others, Outcome};
use std::time::Duration;

/// How to go on after an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// With the next request.
    Next,
    /// With another one: it may fare better.
    Other,
    /// After a pause, at least as long as the server asked for.
    Pause(Pace, Option<Duration>),
}

impl Shared {
    /// Books what became of the request in flight.
    pub(crate) fn settle(&self, outcome: &Outcome) -> Step {
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
                    state.drop_in_flight(DropReason::RequestTooLarge);
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
        let others_passed = self.queue.passed_since(batch);
        if batch.is_aside && may_be_of_this_one {
            self.aside.failed(pace, after);
            if !(others_passed && self.queue.split_into_pieces()) {
                self.put_back();
            }
            return Step::Other;
        }
        // If that one failed, and then this one, it is the endpoint.
        let is_alone = doubt.is_none_or(|doubt| doubt.place == this) && may_be_of_this_one;
        // One showed already that it need not be the endpoint.
        let has_aside = self.queue.has_aside();
        let is_doubtful = is_alone && (has_aside || Aside::is_doubtful(batch));
        let is_piece = batch.piece > 0;
        // All around it passed, if it is no more than a line.
        let is_proved = Aside::is_proved(batch, others_passed, has_aside);
        // What has to be done is to find those that fail, and nobody else can.
        let is_known = has_aside && may_be_of_this_one;
        let pause = Step::Pause(if is_known { Pace::Fast } else { pace }, after);
        let at_once = if after.is_none() { Step::Other } else { pause };
        if is_alone
            && Aside::is_to_be_split(batch, others_passed, has_aside)
            && self.queue.split_into_pieces()
        {
            return if others_passed { at_once } else { pause };
        }
        if is_alone && is_proved {
            self.put_back();
            self.set_aside(this, pace);
            return at_once;
        }
        let has_fresh_others = if others.is_some() || is_piece {
            self.step_aside()
        } else {
            self.put_back();
            false
        };
        if has_fresh_others {
            match others {
                Some(Others::AtOnce) => return Step::Other,
                _ if is_piece && others_passed => return at_once,
                _ if is_piece => return pause,
                _ => {}
            }
        }
        if is_doubtful && self.queue.has_in_turn_besides(this) {
            self.aside.doubt(Doubt { place: this, pace });
            return at_once;
        }
        pause
    }

    /// The endpoint accepts requests: what was tried before this one failed by itself.
    pub(crate) fn passed(&mut self, was_aside: bool) {
        let doubt = self.aside.take_doubt();
        if was_aside {
            self.aside.passed();
        } else if let Some(Doubt { place, pace }) = doubt {
            self.set_aside(place, pace);
        }
    }

    fn set_aside(&mut self, failing: RequestId, pace: Pace) {
        let is_first = !self.queue.has_aside();
        if self.queue.set_aside(failing) {
            self.news.lines.set_aside += 1;
            if is_first {
                self.aside.begin(pace);
            }
        }
    }
}
