//! Servers, exporters and processes that the test binaries share.
#![allow(dead_code, unused_macros, reason = "each test binary uses a part")]

#[path = "../../../dt-metrics/src/dynatrace/tests/accounting.rs"]
pub mod accounting;
pub mod export;
pub mod hostile;
pub mod log;
pub mod otlp;
#[macro_use]
pub mod own_process;
pub mod peer;
pub mod program;
pub mod proof;
pub mod sums;
pub mod tls;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use std::{iter, process};

use dt_metrics::Builder;
use dt_metrics::dynatrace::Health;
use dt_metrics_local::Server;

/// Longer than anything here takes on the slowest machine; nothing waits that long unless it
/// fails.
pub const AMPLE: Duration = Duration::from_secs(30);

/// A push interval that never ends within a test: all received data was flushed.
pub const NEVER: Duration = Duration::from_secs(3_600);

/// A port of this host on which nothing listens. It is below the ports that systems choose
/// themselves, so that no other test is given it meanwhile.
pub fn unused_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(process::id() * 13 % 12_000).unwrap();
    let ports =
        iter::repeat_with(|| 20_000 + (first + TRIED.fetch_add(1, Ordering::Relaxed)) % 12_000);
    let mut unused = ports.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    unused.next().unwrap()
}

/// The ingest path at this port of this host.
pub fn ingest_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/api/v2/metrics/ingest")
}

pub fn server() -> Server {
    Server::builder().start().unwrap()
}

/// Metrics that go to `server` when flushed.
pub fn to(server: &Server) -> Builder {
    dt_metrics::builder()
        .endpoint(server.url())
        .push_interval(NEVER)
}
