//! The pipeline of a process: how it begins, delivers, and ends.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod attach;
mod before_install;
mod conflicts;
mod counts;
mod disabled;
mod environment;
mod exit;
mod exporters;
mod flushes;
mod gauges;
mod health;
mod lifetimes;
mod no_feedback;
mod observers;
mod run_time;
mod stress;
mod sums;
mod termination;
mod together;
