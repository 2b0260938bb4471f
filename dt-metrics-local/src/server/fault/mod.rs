//! Simulated failures: the kinds of fault, and the plan that chooses one for each request.
// This folder imports `error` and `response` of the server.

mod kind;
mod plan;

#[cfg(test)]
mod tests;

pub use kind::Fault;

pub(super) use plan::{Faults, Taken};
