//! An ingest request as HTTP sees it: its path, token and body.

pub(super) mod body;
#[cfg(feature = "otlp")]
pub(super) mod gzip;
pub(super) mod route;
pub(super) mod token;
