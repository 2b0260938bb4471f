//! One attempt to send a request over HTTP, and the classification of its answer.
//!
//! May import the leaves, `config`, `encode::body` and `retry::outcome`, and the `registry` of the
//! crate; not `buffer` or `delivery`.

mod answer;
mod catalog;
pub(crate) mod classify;
mod client;
mod failure;
pub(crate) mod http;
mod message;
pub(crate) mod reload;
mod tls;

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::retry::outcome::Attempt;

/// Sends the body of one request once.
pub(crate) trait Transport {
    fn send(&self, body: &Body) -> impl Future<Output = Attempt>;

    /// How many requests may be in flight at a time, as long as they are accepted.
    fn max_in_flight(&self) -> usize {
        1
    }
}
