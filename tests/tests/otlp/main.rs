//! Metrics over OTLP: the same totals as with metric lines, and the same delivery.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod buckets;
mod delivery;
mod environment;
mod peers;
mod python;
mod warnings;

/// A process that other tests start.
#[test]
#[ignore = "a process that the other tests start"]
fn program() {
    common::program::program();
}
