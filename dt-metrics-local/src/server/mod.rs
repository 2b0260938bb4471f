//! The HTTP server: it receives, judges and answers requests, simulates faults, and serves the live
//! page.
//!
//! Each request takes the same path: its body is read (and decompressed) up to the limit of its
//! route, its [`Fault`] is chosen, it is judged, stored, and only then answered. So a client with an
//! answer finds its lines in the store.
// Layers, each of which may import the layers to its left:
//
// error < response < fault | http < endpoint < net < ingest | page < router < handle < builder

mod builder;
mod endpoint;
mod error;
mod fault;
mod handle;
mod http;
mod ingest;
mod net;
mod page;
mod response;
mod router;

pub use builder::{DEFAULT_PORT, ServerBuilder};
pub use error::{FaultError, StartError};
pub use fault::Fault;
pub use handle::Server;
pub use response::Answer;
