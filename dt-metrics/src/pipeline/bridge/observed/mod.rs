//! `#[observed]` functions: asked once a collection of each reader, on threads of their own.
//!
//! ```text
//! callback ──► round: ask all, wait a second at most ──► record the last answers
//!                 │                        ▲
//!                 ▼                        │
//!              queue ──► worker ──► function ──► latest answer
//! ```
//!
//! The callback runs under a lock of the SDK, so nothing of the user's runs there; nor on the
//! bridge's thread, which has values to take out while a function is slow. One worker asks them in
//! turn. While there are functions that wait, more workers come, so that a slow function holds up
//! no other. A function that is late is left alone with its worker, is not waited for again, and
//! is asked again when it has returned: there are never more threads than functions that are slow
//! at the same time, and one.

mod asking;
mod record;
mod state;
mod sum;
mod worker;

pub(super) use self::asking::Asking;
pub(super) use self::record::Levels;
use crate::instrument::{Observed, all_observed};
use crate::registry::Definition;

/// Those of this process, since a function that never returns outlives a pipeline.
pub(super) static ASKING: Asking = Asking::new();

/// Whether a metric has values that are not whole: some function gives floats.
pub(super) fn has_floats(definition: &Definition) -> bool {
    let name = definition.first.name;
    let mut named =
        all_observed().filter(|observed| observed.descriptor().name.eq_ignore_ascii_case(name));
    named.any(Observed::is_float)
}
