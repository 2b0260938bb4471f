//! What was counted arrives, whatever the endpoint and the way to it do meanwhile; and the token
//! is seen by nobody else.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod black_hole;
mod check;
mod chunks;
mod deadlines;
mod host_metadata;
mod outage;
mod proxy;
mod secrets;
mod soak;
mod tls;
mod token;
