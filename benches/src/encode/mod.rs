//! What it costs to write a line, next to the same points written by others.
//!
//! All write the same collections of an SDK provider, one after the other in each cycle, so that
//! each finds the caches of the processor as the others left them. The first cycle is not counted.

mod bench;
mod floor;
mod lines;
mod otlp;
mod ours;
mod points;
mod predecessor;

pub(crate) use self::bench::run;
