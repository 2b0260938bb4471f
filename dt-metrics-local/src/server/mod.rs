//! The HTTP side: routes, tokens, answers and faults.
//!
//! A request goes one way: its body is read (and decompressed) up to the limit of its route, a
//! [`Fault`] is looked
//! up, then it is judged, the store takes it in, and only then is it answered. So a client that has
//! its answer finds its lines in the store.

mod access;
mod answer;
mod arrived;
mod body;
mod builder;
mod demand;
mod fault;
#[cfg(feature = "otlp")]
mod gzip;
mod handle;
mod handler;
mod judge;
mod listening;
#[cfg(feature = "otlp")]
mod otlp;
mod page;
mod route;
mod thread;
mod wire;

pub use builder::{DEFAULT_PORT, ServerBuilder, StartError};
pub use fault::{Answer, Fault, FaultError};
pub use handle::Server;
