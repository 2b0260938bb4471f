//! The policy of retries: outcomes of attempts, pauses, bisection and dead letters. Handles
//! statuses, but depends on neither an HTTP client nor the queue. May import `config` and the leaf
//! files of `dynatrace`.

pub(crate) mod backoff;
pub(crate) mod bisection;
pub(crate) mod dead_letter;
pub(crate) mod outcome;
