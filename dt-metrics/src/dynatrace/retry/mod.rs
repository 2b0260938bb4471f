//! The policy of retries, in the abstract: outcomes of attempts, pauses, bisection and dead letters. Knows neither HTTP nor the queue. May import `config` and the leaf files of
//! the delivery.

pub(crate) mod backoff;
pub(crate) mod bisection;
pub(crate) mod dead_letter;
pub(crate) mod outcome;
