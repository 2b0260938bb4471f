//! The HTTP layer of an ingest request: its route, token and body.
// This folder imports `protocol`, `otlp` and `store` of the crate, and nothing of the server.

mod body;
#[cfg(feature = "otlp")]
mod gzip;
mod route;
mod token;

#[cfg(feature = "otlp")]
pub(super) use body::Unread;
pub(super) use body::{Received, read_body};
#[cfg(feature = "otlp")]
pub(super) use gzip::{decompress, is_gzip};
pub(super) use route::Route;
pub(super) use token::Tokens;
