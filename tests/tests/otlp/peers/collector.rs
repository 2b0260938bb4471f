//! A collector between a program and the endpoint: rotel. It stops and starts while the program counts.
//!
//! rotel confirms a request before it sends the data on, and keeps the data in memory. So it is stopped
//! by SIGTERM, on which it first sends everything that it confirmed. A kill would lose that data, and no
//! sender could notice.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use super::{Totals, assert_same, totals};
use crate::common::peer::installed;
use crate::common::program::Process;
use crate::common::{AMPLE, NEVER, server, unused_port};
use dt_metrics::{count, counted, gauge, in_flight, record, up_down_counter};
use dt_metrics_local::Server;

/// The number of the signal.
const SIGTERM: u32 = 15;

const PUSHES: u32 = 12;

/// A running collector.
struct Collector {
    child: Child,
    log: PathBuf,
}

impl Collector {
    /// Listens on this port, and sends to this server.
    fn start(port: u16, server: &Server, logs: &TempDir) -> Self {
        let log = logs.path().join("rotel.log");
        let child = installed("DT_METRICS_ROTEL")
            .arg("start")
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{port}")])
            .args([
                "--otlp-grpc-endpoint",
                &format!("127.0.0.1:{}", unused_port()),
            ])
            .args(["--otlp-exporter-endpoint", &server.collector_url()])
            .args(["--otlp-exporter-protocol", "http"])
            .arg("--pid-file")
            .arg(logs.path().join("rotel.pid"))
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let collector = Self { child, log };
        collector.wait_until_ready();
        collector
    }

    /// It handles SIGTERM when it has listened for a while. Before, the signal would kill it.
    fn wait_until_ready(&self) {
        let started = Instant::now();
        let path = format!("/proc/{}/status", self.child.id());
        loop {
            let status = fs::read_to_string(&path).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
            if caught & (1 << (SIGTERM - 1)) != 0 {
                return;
            }
            assert!(started.elapsed() < AMPLE, "{status}");
            thread::yield_now();
        }
    }

    /// Stops it when it has sent everything that it confirmed.
    fn stop(mut self) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").arg(&id).status();
        assert!(kill.unwrap().success());
        let status = self.child.wait().unwrap();
        let log = fs::read_to_string(&self.log).unwrap();
        assert!(status.success(), "{status}: {log}");
    }
}

/// What a failed test leaves running.
impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collector_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/v1/metrics")
}

#[in_flight(name = "collector.busy")]
#[counted(name = "collector.calls", dims(kind = kind, even = even))]
fn call(kind: &str, even: bool, size: f64) {
    record!("collector.size", size, unit = "By", dims(kind = kind));
}

/// Counts for one push.
fn work(push: u32) {
    for n in 0..push * 20 {
        let kind = ["plain", "a,b=c d", "žluť 🦀"][(n % 3) as usize];
        call(kind, n % 2 == 0, f64::from((n * 37) % 101) * 0.25 - 3.0);
    }
    count!("collector.bytes", u64::from(push) * 1_000_000_007);
    up_down_counter!(
        "collector.sessions",
        if push.is_multiple_of(3) { -1 } else { 2 }
    );
    gauge!("collector.depth", f64::from(push) * 1.5, dims(queue = "in"));
}

#[test]
#[ignore = "needs rotel: `bash .ci/peers`"]
fn totals_through_a_collector_that_stops_are_exact() {
    own_process!();
    let (direct, through) = (server(), server());
    let (port, directory) = (unused_port(), TempDir::new().unwrap());
    let lines = dt_metrics::dynatrace::Exporter::builder()
        .endpoint(direct.url())
        .build()
        .unwrap();
    let metrics = dt_metrics::builder()
        .endpoint(collector_url(port))
        .otlp()
        .exporter(lines.clone())
        .spool_dir(directory.path().join("spool"))
        .push_interval(NEVER)
        .install()
        .unwrap();

    let mut collector = None;
    for push in 1..=PUSHES {
        work(push);
        match push {
            // It starts when data waits, stops, and starts once more.
            3 | 9 => collector = Some(Collector::start(port, &through, &directory)),
            6 => {
                metrics.flush(AMPLE).unwrap();
                collector.take().unwrap().stop();
            }
            _ => {
                metrics.provider().force_flush().unwrap();
                let health = metrics.health();
                assert!(
                    collector.is_some() || health.points_pending > 0,
                    "{health:?}"
                );
            }
        }
    }
    metrics.shutdown(AMPLE).unwrap();
    lines.shutdown(AMPLE).unwrap();
    collector.take().unwrap().stop();

    let health = metrics.health();
    assert!(health.requests_failed > 0, "{health:?}");
    let lost = health.points_dropped + health.points_rejected + health.points_pending;
    assert_eq!(lost, 0, "{health:?}");
    assert_eq!((direct.rejected(), through.rejected()), (vec![], vec![]));
    let sent = totals(&direct);
    let calls: u32 = (1..=PUSHES).map(|push| push * 20).sum();
    let counted: f64 = direct.total("collector.calls");
    assert_eq!(counted, f64::from(calls));
    let title = "dt-metrics, as lines (sent) and through rotel, stopped and started (received):";
    assert_same(title, &sent, &totals(&through));
}

#[test]
#[ignore = "needs rotel: `bash .ci/peers`"]
fn the_spool_of_a_killed_program_arrives_through_the_collector() {
    let server = server();
    let (port, directory) = (unused_port(), TempDir::new().unwrap());
    let spool = directory.path().join("spool");
    let url = collector_url(port);

    let collector = Collector::start(port, &server, &directory);
    let mut program = Process::start_otlp(&url, &spool);
    (1..=10).for_each(|amount| program.count(amount));
    assert!(program.flush());
    collector.stop();
    (11..=20).for_each(|amount| program.count(amount));
    assert_eq!(program.health().spooled, 10);
    program.kill();

    let mut program = Process::start_otlp(&url, &spool);
    (21..=30).for_each(|amount| program.count(amount));
    let collector = Collector::start(port, &server, &directory);
    assert!(program.flush());
    let health = program.shutdown();
    collector.stop();

    assert_eq!((health.recovered, health.dropped), (10, 0));
    assert_eq!(server.rejected(), []);
    let total: u64 = (1..=30).sum();
    let sent = Totals::from([("program.calls ".to_owned(), format!("count {total}"))]);
    let title = "dt-metrics through rotel, stopped and started, and the program killed:";
    assert_same(title, &sent, &totals(&server));
}
