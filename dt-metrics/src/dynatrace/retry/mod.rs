//! What follows from an attempt to deliver a request, in the abstract: outcomes, pauses, bisection
//! and dead letters. Knows neither HTTP nor the queue. May import `config` and the leaf files of
//! the delivery.

pub(crate) mod backoff;
pub(crate) mod bisection;
pub(crate) mod dead_letter;
pub(crate) mod outcome;
