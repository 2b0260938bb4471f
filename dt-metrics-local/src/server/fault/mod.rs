//! What the endpoint may do in place of judging a request.

mod kind;
mod plan;
mod text;

#[cfg(test)]
mod tests;

pub use kind::Fault;

pub(super) use plan::{Faults, Taken};
