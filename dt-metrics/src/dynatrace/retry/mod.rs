//! What follows from an attempt to deliver a request, in the abstract: outcomes, pauses and the
//! dead-letter list. Knows neither HTTP nor the queue.

pub(crate) mod backoff;
pub(crate) mod dead_letter;
pub(crate) mod outcome;
