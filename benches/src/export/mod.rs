//! From changed series to answered requests, end to end over the loopback interface, next to
//! `opentelemetry-otlp` and to a collection that nobody exports.
//!
//! All send to one server, which is no part of what is measured. Each exporter runs in a process of
//! its own, so that none finds the memory that another one left; twice, since following the memory
//! takes time.

mod client;
mod compare;
mod exporters;
mod process;

pub(crate) use self::client::{Client, run as run_client};
pub(crate) use self::compare::run;
use self::exporters::Kind;
