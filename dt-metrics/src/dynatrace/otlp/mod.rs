//! The same metrics by OTLP, in protobuf over HTTP: to the environment's own endpoint, or to a
//! Collector.
//!
//! OpenTelemetry's own crate turns a collection into its protobuf. All else is the delivery of
//! lines: here is only what differs, where to send, what is added to a collection, and what an
//! answer says.

mod alter;
mod answer;
mod collector;
mod compress;
mod configure;
mod encode;
mod receiver;
mod split;
#[cfg(test)]
mod tests;

pub(super) use self::answer::{refused, words};
pub(super) use self::configure::{by_otlp, configure};
pub(super) use self::encode::{OtlpEncoder, divide, one_gauge};
pub(super) use self::receiver::Receiver;
