//! Metrics over OTLP: the same totals as with metric lines, and the same delivery.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod buckets;
mod delivery;
mod environment;
mod python;
mod warnings;
