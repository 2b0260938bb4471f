//! The numbers that threads count in: each thread owns its cells, and the pipeline reads them.
//!
//! ```text
//! thread ──► chunk (sums), ring (values)      this thread's, written without a lock
//!    │              ▲
//!    ▼              │
//! store ─────► slots ─────► block             all threads' of them, behind one lock
//! ```
//!
//! This folder may import `dimension`, `descriptor` and `process`, and nothing else of the crate.

pub(super) mod block;
pub(super) mod busy;
pub(super) mod chunk;
pub(super) mod deferred;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
pub(super) mod entry;
#[cfg(feature = "dynatrace")]
pub(super) mod fork;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "used with a spool")
)]
pub(super) mod kept;
#[cfg(test)]
mod loom;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "used with a spool")
)]
pub(super) mod memory;
mod place;
pub(super) mod recorder;
pub(super) mod ring;
pub(super) mod rings;
pub(super) mod sample;
pub(super) mod sink;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
pub(super) mod slots;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
pub(super) mod store;
pub(super) mod sync;
#[cfg(test)]
mod tests;
pub(super) mod thread;
