//! A local stand-in for the Dynatrace metric ingest endpoint.
pub mod protocol;
pub mod server;
pub mod store;

pub use server::{Answer, DEFAULT_PORT, FaultError, Server, ServerBuilder, StartError};
