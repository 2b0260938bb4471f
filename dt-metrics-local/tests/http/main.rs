//! The endpoint over real HTTP.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panic"
)]

mod answers;
mod api;
mod callers;
mod classic;
mod client;
mod faults;
mod late;
#[cfg(feature = "otlp")]
mod otlp;
mod outages;
mod page;
mod watching;
