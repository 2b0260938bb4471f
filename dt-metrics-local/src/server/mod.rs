//! The HTTP side: routes, tokens, answers and faults.
//!
//! A request goes one way: its body is read (and decompressed) up to the limit of its route, a
//! [`Fault`] is looked
//! up, then it is judged, the store takes it in, and only then is it answered. So a client that has
//! its answer finds its lines in the store.

mod builder;
mod demand;
mod error;
mod fault;
mod handle;
mod http;
mod ingest;
mod net;
mod page;
mod response;

pub use builder::{DEFAULT_PORT, ServerBuilder, StartError};
pub use error::FaultError;
pub use fault::Fault;
pub use handle::Server;
pub use response::Answer;
