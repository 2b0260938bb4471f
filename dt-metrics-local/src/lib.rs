//! Local endpoint.

pub mod protocol;
