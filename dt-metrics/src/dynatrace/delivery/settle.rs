//! Settling a request in flight after its attempt: it is finished, dropped, put back or divided.

use std::time::Duration;

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::buffer::events::Event;
use crate::dynatrace::buffer::state::State;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::retry::backoff::Pace;
use crate::dynatrace::retry::bisection::{Decision, decide, decide_too_large};
use crate::dynatrace::retry::dead_letter::DeadLetterSchedule;
use crate::dynatrace::retry::outcome::{Action, Outcome};

/// How to go on after an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    /// At once. The next failure is the first one.
    Request,
    /// At once, to find the cause of the failure. Failures continue to add up.
    Probe,
    /// After a pause, at least as long as the server requested.
    Pause(Pace, Option<Duration>),
}

/// Settles this request in flight.
pub(crate) fn settle(buffer: &Buffer, id: RequestId, outcome: &Outcome) -> Next {
    let mut state = buffer.lock();
    if state.is_stopped() {
        return Next::Request; // It was counted when stopping.
    }
    state.queue.select(id);
    state.end(outcome);
    let replaced = state.suspect.take().map(|(suspect, _)| suspect);
    let next = match outcome.action(buffer.guarantee) {
        Action::Finish { rejected } => {
            state.accept(rejected);
            Next::Request
        }
        Action::Resend => {
            state.put_back();
            Next::Request
        }
        Action::Retry { pace, after } => {
            state.put_back();
            Next::Pause(pace, after)
        }
        Action::Bisect { pace, after } => {
            let evidence = state.evidence(replaced, pace);
            let decision = decide(evidence, state.queue.is_worth_dividing());
            apply(&mut state, decision, replaced, pace, after)
        }
        Action::Split { pace } => {
            let evidence = state.evidence(replaced, pace);
            let decision = decide_too_large(evidence, state.queue.is_divisible());
            apply(&mut state, decision, replaced, pace, None)
        }
        Action::Drop { reason, pause } => {
            state.drop_in_flight(reason);
            pause.map_or(Next::Request, |pace| Next::Pause(pace, None))
        }
    };
    // While other requests are tried, or accepted, a failure that may be the request's own fault is
    // not evidence about the rest.
    let others_may_pass =
        outcome.may_be_of_this_request() && (next == Next::Probe || state.works());
    if !others_may_pass || state.queue.first().is_none() {
        state.note_refusal(outcome);
    }
    buffer.changed(state);
    next
}

/// Applies a decision about the request in flight, which failed in a way that may be its own
/// fault. `replaced` is the suspect in whose place it was tried.
fn apply(
    state: &mut State,
    decision: Decision,
    replaced: Option<RequestId>,
    pace: Pace,
    after: Option<Duration>,
) -> Next {
    let pause = Next::Pause(if state.works() { Pace::Fast } else { pace }, after);
    // If an endpoint requests a pause, the sender pauses, except after a dead letter: a dead letter
    // is known to fail by itself, and must not delay other requests.
    let go_on = if after.is_none() { Next::Probe } else { pause };
    match decision {
        Decision::TryOther(probe) => {
            let suspect = state.queue.in_flight();
            state.suspect = suspect.map(|suspect| (suspect.id, probe));
            state.put_back();
            go_on
        }
        Decision::Halve => {
            state.queue.split_in_flight();
            go_on
        }
        Decision::Bury => {
            if state.queue.dead_series().is_empty() {
                state.dead_letters = DeadLetterSchedule::new();
            }
            state.queue.bury_in_flight();
            state.dead_letters.failed(pace, after);
            state.events.add(Event::DeadLetters(1));
            go_on
        }
        Decision::HalveSuspectAndPause => {
            state.failed_probes += 1;
            state.put_back();
            if let Some(replaced) = replaced {
                state.queue.split_waiting(replaced);
            }
            pause
        }
        Decision::Pause => {
            state.put_back();
            pause
        }
        Decision::SendAlone => {
            state.put_back();
            if pace == Pace::Slow { go_on } else { pause }
        }
        Decision::Drop => {
            state.drop_in_flight(DropReason::RequestTooLarge);
            go_on
        }
        Decision::KeepBuried => {
            state.dead_letters.failed(pace, after);
            state.put_back();
            Next::Probe
        }
    }
}
