//! Disks that are full, read-only, or changed by another program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{arrived, later, on, spooled};
use crate::common::program::Process;
use tempfile::TempDir;

/// Starts a program whose spool is a disk of its own, which is gone with it. `None` where no disk
/// can be made.
pub(super) fn start_on_disk(options: &str, endpoint: &str, disk: &Path) -> Option<Process> {
    fs::create_dir(disk).unwrap();
    // The spool refuses parents of unknown users, and a user without any rights has such parents here.
    let mount = format!(
        "test \"$(stat -c %u /)\" = 0 && mount -t tmpfs -o mode=700,{options} none \"$0\" && exec \"$@\""
    );
    let disk_text = disk.to_str().unwrap();
    let by = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        &mount,
        disk_text,
    ];
    let tried = std::process::Command::new(by[0])
        .args(&by[1..])
        .arg("true")
        .status();
    if tried.is_ok_and(|status| status.success()) {
        Some(Process::start_by(&by, endpoint, disk))
    } else {
        eprintln!("no disk can be made here; skipped");
        None
    }
}

#[test]
fn delivery_continues_with_a_full_disk() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let disk = directory.path().join("disk");
    let Some(mut process) = start_on_disk("size=64k", &endpoint, &disk) else {
        return;
    };
    // Each file takes a page, and there are fewer.
    for amount in 1..=30 {
        process.count(amount);
    }
    let health = process.health();
    assert_eq!((health.buffered, health.dropped), (30, 0));
    assert!((1..30).contains(&health.spooled), "{health:?}");

    let server = on(port);
    assert!(process.flush());
    assert_eq!(arrived(&server), (1..=30).collect::<Vec<_>>());
    process.count(31);
    assert!(process.flush());
    let health = process.health();
    assert_eq!((health.ok, health.buffered, health.dropped), (31, 0, 0));
    process.kill();
}

#[test]
fn a_disk_that_cannot_be_written_stops_nothing() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let disk = directory.path().join("disk");
    let Some(mut process) = start_on_disk("ro", &endpoint, &disk) else {
        return;
    };
    process.count(1);
    let health = process.health();
    assert_eq!((health.buffered, health.spooled), (1, 0));
    let server = on(port);
    assert!(process.flush());
    assert_eq!(arrived(&server), [1]);
    assert_eq!(process.shutdown().ok, 1);
}

/// Everything that can be wrong with the files, at once.
#[test]
fn delivery_continues_with_damaged_files() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, directory.path());
    for amount in 1..=6 {
        first.count(amount);
    }
    first.kill();
    let files = spooled(directory.path());
    let slot = files[0].parent().unwrap();
    let cut = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &cut[..cut.len() - 3]).unwrap();
    fs::write(&files[1], "").unwrap();
    fs::write(&files[2], [0; 5_000]).unwrap();
    let mut flipped = fs::read(&files[3]).unwrap();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(&files[3], flipped).unwrap();
    let foreign = slot.join("notes.txt");
    fs::write(&foreign, "of somebody else").unwrap();

    let server = on(port);
    let mut second = Process::start(&endpoint, directory.path());
    second.count(7);
    assert!(second.flush());
    assert_eq!(arrived(&server), [5, 6, 7]);
    let health = second.health();
    // Two files still contain the number of their lines, the other two files count as one line
    // each.
    assert_eq!((health.recovered, health.dropped), (6, 4));
    assert_eq!((health.ok, health.buffered), (3, 0));
    assert_eq!(fs::read_to_string(foreign).unwrap(), "of somebody else");
    assert!(spooled(directory.path()).is_empty());
    second.kill();
}

#[test]
fn a_directory_that_is_removed_is_made_again() {
    let directory = TempDir::new().unwrap();
    let spool = directory.path().join("spool");
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, &spool);
    first.count(1);
    first.count(2);
    fs::remove_dir_all(&spool).unwrap();
    first.count(3);
    // The requests in memory were written again.
    let wanted: BTreeSet<_> = (1..=3).collect();
    assert_eq!(first.health().buffered, 3);
    while first.health().spooled < 3 {
        std::thread::yield_now();
    }
    first.kill();
    let server = on(port);
    let mut second = Process::start(&endpoint, &spool);
    assert!(second.flush());
    assert_eq!(
        arrived(&server).into_iter().collect::<BTreeSet<_>>(),
        wanted
    );
    assert_eq!(server.lines().len(), 3);
    second.kill();
}
