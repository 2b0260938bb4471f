//! Pending requests survive every end of the process: over real HTTP, on a real disk, by real
//! processes that are killed.
#![cfg(unix)]

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod bounds;
mod cells;
mod crash;
mod disks;
mod kills;
mod safety;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::common::program::{Numbers, Process, TOKEN, program as run_program};
use crate::common::{ingest_url, unused_port};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;
use tempfile::TempDir;

#[test]
#[ignore = "a process that the other tests start"]
fn program() {
    run_program();
}

fn server() -> Server {
    Server::builder().token(TOKEN).start().unwrap()
}

/// Nothing listens there.
fn outage() -> String {
    ingest_url(unused_port())
}

/// Nothing listens there yet.
fn later() -> (String, u16) {
    let port = unused_port();
    (ingest_url(port), port)
}

/// Something listens there now.
fn on(port: u16) -> Server {
    Server::builder().token(TOKEN).port(port).start().unwrap()
}

/// The counts that arrived, oldest first.
fn arrived(server: &Server) -> Vec<u64> {
    let lines = server.lines();
    let counts = lines.iter().map(|line| match line.payload {
        Payload::Count { delta } => delta.to_string().parse().unwrap(),
        _ => panic!("{line:?}"),
    });
    counts.collect()
}

/// All files of requests.
fn spooled(spool: &Path) -> Vec<PathBuf> {
    let slots = fs::read_dir(spool).unwrap();
    let mut files: Vec<_> = slots
        .flat_map(|slot| fs::read_dir(slot.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "lines" || extension == "otlp")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn living_processes_keep_their_slots() {
    let directory = TempDir::new().unwrap();
    let mut first = Process::start(&outage(), directory.path());
    first.count(1);
    let server = server();
    let mut second = Process::start(&server.url(), directory.path());
    second.count(2);
    assert!(second.flush());
    assert_eq!(second.health().recovered, 0);
    assert_eq!(arrived(&server), [2]);
    assert_eq!(first.health().spooled, 1);
    first.kill();
    second.kill();
}

#[test]
fn a_shutdown_leaves_pending_requests_and_reports_them() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, directory.path());
    first.count(1);
    first.count(2);
    let expected = Numbers {
        buffered: 2,
        spooled: 2,
        ..Numbers::default()
    };
    assert_eq!(first.shutdown(), expected);

    let server = on(port);
    let mut second = Process::start(&endpoint, directory.path());
    assert!(second.flush());
    assert_eq!(arrived(&server), [1, 2]);
    let health = second.shutdown();
    assert_eq!((health.ok, health.recovered, health.dropped), (2, 2, 0));
}

#[test]
fn spool_files_are_private_and_have_no_token() {
    let directory = TempDir::new().unwrap();
    let spool = directory.path().join("new/spool");
    let mut process = Process::start(&outage(), &spool);
    process.count(1);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    let files = spooled(&spool);
    assert_eq!(files.len(), 1);
    assert_eq!(mode(&files[0]), 0o600);
    for directory in [&*spool, files[0].parent().unwrap()] {
        assert_eq!(mode(directory), 0o700);
    }
    let text = fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("program.calls"), "{text}");
    assert!(!text.contains("SECRET"), "{text}");
    process.kill();
}
