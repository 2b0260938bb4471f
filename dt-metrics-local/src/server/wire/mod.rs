//! Connections that do what HTTP does not allow: resets, silence, slowness, answers without end.
//!
//! The HTTP server reads and writes through a [`Connection`]. What it is to do is agreed by a
//! [`Wire`], which the handler of a request has, too.

mod connection;
mod endless;
mod listener;
mod pace;
mod shared;

pub(super) use endless::Endless;
pub(super) use listener::FaultyListener;
pub(super) use shared::{Wire, Writing};
