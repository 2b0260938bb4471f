//! The port, and connections that do what HTTP does not allow: resets, silence, slowness, answers
//! without end.

mod connection;
mod endless;
mod listener;
pub(super) mod listening;
mod pace;
mod thread;
pub(super) mod wire;

pub(super) use endless::Endless;
