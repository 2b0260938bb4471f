//! What becomes of an ingest request: judged, stored, answered.

mod arrived;
pub(super) mod handler;
mod judge;
pub(super) mod lines;
#[cfg(feature = "otlp")]
mod otlp;
