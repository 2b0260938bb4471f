//! What the end-to-end tests share.
#![allow(dead_code, unused_macros, reason = "each test binary uses a part")]

pub mod export;
pub mod hostile;
pub mod log;
pub mod otlp;
#[macro_use]
pub mod own_process;
pub mod process;
pub mod proof;
pub mod sums;
pub mod tls;

use std::time::Duration;

use dt_metrics::Builder;
use dt_metrics_local::Server;

/// Longer than anything here takes on the slowest machine; nothing waits that long unless it
/// fails.
pub const AMPLE: Duration = Duration::from_secs(30);

/// A push interval that never ends within a test: what arrives was flushed.
pub const NEVER: Duration = Duration::from_secs(3_600);

pub fn server() -> Server {
    Server::builder().start().unwrap()
}

/// Metrics that go to `server` when flushed.
pub fn to(server: &Server) -> Builder {
    dt_metrics::builder()
        .endpoint(server.url())
        .push_interval(NEVER)
}
