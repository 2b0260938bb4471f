//! The port, its thread, and connections that fail in ways HTTP does not allow: resets, silence,
//! slowness, responses without end.
//!
//! The HTTP server reads and writes through a `Connection`. The connection and the handler of its
//! current request share a [`Wire`], through which the handler chooses how the response is written.
// This folder imports `response`, `endpoint` and `fault` of the server.

mod connection;
mod endless;
mod listening;
mod thread;
mod wire;

pub(super) use endless::Endless;
pub(super) use listening::Listening;
pub(super) use wire::{Wire, Writing};
