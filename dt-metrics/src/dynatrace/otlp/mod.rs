//! The same metrics by OTLP, in protobuf over HTTP: to the environment's own endpoint, or to a
//! Collector.
//!
//! OpenTelemetry's own crate turns a collection into its protobuf; all else is as for lines: a
//! collection only encodes and enqueues, and a thread of the exporter's own sends, again where that
//! can help.

mod alter;
mod collector;
mod destination;
mod exporter;
mod message;
mod queue;
mod send;
mod state;
#[cfg(test)]
mod tests;
mod worker;

pub(crate) use self::exporter::{OtlpExporter, OtlpMark};
