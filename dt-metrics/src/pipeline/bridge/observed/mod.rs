//! `#[observed]` functions: polled once per collection of each reader, on threads of their own.
//!
//! ```text
//! callback ──► pool: poll all, wait a second at most ──► record the latest answers
//!                │                     ▲
//!                ▼                     │
//!              queue ──► worker ──► function
//! ```
//!
//! The callback runs under a lock of the SDK, so no code of the program runs there; nor does it run
//! on the bridge's thread, which has values to take out while a function is slow.

pub(super) mod pool;
pub(super) mod record;
