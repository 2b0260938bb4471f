//! The HTTP layer of an ingest request: its route, token and body.
// This folder imports `protocol`, `otlp` and `store` of the crate, and nothing of the server.

mod body;
mod caller;
#[cfg(feature = "otlp")]
mod gzip;
mod route;
mod token;

#[cfg(feature = "otlp")]
pub(super) use body::Unread;
pub(super) use body::{BodyError, Received, read_body};
pub(super) use caller::{Foreign, Hosts};
#[cfg(feature = "otlp")]
pub(super) use gzip::{decompress, is_gzip};
pub(super) use route::Route;
pub(super) use token::Tokens;
