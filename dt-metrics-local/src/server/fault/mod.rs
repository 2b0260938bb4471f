//! What the endpoint may do in place of judging a request.

mod answer;
mod error;
mod kind;
mod plan;
mod text;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use error::FaultError;
pub use kind::Fault;

pub(super) use plan::{Faults, Taken};
