//! What was counted arrives, whatever the endpoint does meanwhile.

#[path = "../common/mod.rs"]
mod common;
#[path = "../proof/mod.rs"]
mod proof;

mod chunks;
mod faults;
mod outage;
mod program;
mod received;
mod soak;
