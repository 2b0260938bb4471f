//! Calls are recorded, and nothing else about them changes.

// Clippy judges annotated functions as they were written, and these have every shape that one can
// write.
#![allow(
    clippy::double_must_use,
    clippy::elidable_lifetime_names,
    clippy::manual_async_fn,
    clippy::too_many_lines,
    clippy::toplevel_ref_arg,
    clippy::type_complexity,
    clippy::unnecessary_wraps,
    clippy::unused_async
)]

mod annotated_blocks;
mod chains;
mod descriptions;
mod dimensions;
mod durations;
mod err_if;
mod left_out;
mod objectives;
mod outcomes;
mod parameters;
mod promises;
mod returned;
mod sizes;
mod spread;
mod streams;
mod unchanged;
mod unfinished;
mod values;
