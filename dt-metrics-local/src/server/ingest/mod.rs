//! The life of an ingest request: it is read, meets its fault, is judged, stored and answered.
// This folder imports the crate's `protocol`, `otlp` and `store`, and of the server everything but
// `page`, `router` and the handle.

mod arrived;
mod handler;
mod judge;
mod judgement;
mod lines;
#[cfg(feature = "otlp")]
mod otlp;

pub(super) use handler::{receive, refuse};
