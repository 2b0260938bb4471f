//! The threads on which functions run.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::asking::Asking;
use super::state::Task;
use crate::descriptor::Descriptor;
use crate::instrument::{Answer, Observed};

/// Starts a worker; `false` if there is no thread to be had.
pub(super) fn spawn(asking: &'static Asking) -> bool {
    thread::Builder::new()
        .name("dt-metrics-observed".to_owned())
        .spawn(move || work(asking))
        .is_ok()
}

/// Does what there is to do. One worker stays for what comes.
fn work(asking: &'static Asking) {
    let mut state = asking.state();
    loop {
        match state.next() {
            Some(Task::Ask(question)) => {
                drop(state);
                let answer = ask(question.observed);
                let panicked = answer.as_ref().err().cloned();
                let tell = asking.state().answered(question, answer.ok());
                asking.notify();
                if tell {
                    tell_panic(question.observed, &panicked.unwrap_or_default());
                }
                state = asking.state();
            }
            Some(Task::Tell(late)) => {
                drop(state);
                tell_late(late);
                state = asking.state();
            }
            None if state.open && state.idle == 0 => state = asking.rest(state),
            None => return,
        }
    }
}

/// Runs the user's function; an error is what its panic said.
fn ask(observed: &'static Observed) -> Result<Answer, String> {
    // What it may have left half done is its own, and it is told.
    let answer = catch_unwind(AssertUnwindSafe(|| observed.ask()));
    answer.map_err(|payload| {
        let message = message(&*payload);
        // It may panic when it is dropped.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(another);
        }
        message
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

fn tell_panic(observed: &'static Observed, message: &str) {
    let Descriptor {
        name, file, line, ..
    } = observed.descriptor();
    tracing::warn!(
        target: "dt_metrics",
        "the observed function of `{name}` at {file}:{line} panicked: {message}; it has no value \
         while it does"
    );
}

fn tell_late(observed: &'static Observed) {
    let Descriptor {
        name, file, line, ..
    } = observed.descriptor();
    tracing::warn!(
        target: "dt_metrics",
        "the observed function of `{name}` at {file}:{line} is slow: it had not returned when a \
         collection had waited for a second, and its last value was used; let it read a value that \
         something else keeps up to date"
    );
}
