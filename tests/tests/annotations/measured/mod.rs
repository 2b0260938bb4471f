//! What is recorded of calls, and that nothing else about them changes.

mod annotated_blocks;
mod chains;
mod descriptions;
mod dimensions;
mod durations;
mod outcomes;
mod parameters;
mod promises;
mod returned;
mod sizes;
mod streams;
mod unchanged;
mod unfinished;
mod values;
