//! All counts arrive despite failures of the endpoint and of the network, and only the endpoint
//! receives the token.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod black_hole;
mod check;
mod chunks;
mod deadlines;
mod host_metadata;
mod local_catalog;
mod outage;
mod proxy;
mod secrets;
mod soak;
mod tls;
mod token;
