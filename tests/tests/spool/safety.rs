//! Cleaners, other endpoints, damaged files and other users: nothing is sent twice, to a stranger,
//! or lost without a count.

use std::fs;
use std::path::Path;

use super::{arrived, later, on, server, spooled};
use crate::common::AMPLE;
use crate::common::program::{Process, TOKEN};
use dt_metrics_local::Server;
use tempfile::TempDir;

/// Changes that a cleaner, or a person, may make to the slot of a running process.
const CLEANERS: [fn(&Path); 5] = [
    |slot| fs::remove_file(slot.join("lock")).unwrap(),
    |slot| {
        for entry in fs::read_dir(slot).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    },
    |slot| fs::remove_dir_all(slot).unwrap(),
    |slot| fs::rename(slot, slot.with_file_name("slot-007")).unwrap(),
    |slot| fs::rename(slot, slot.with_file_name("moved")).unwrap(),
];

#[test]
fn everything_is_sent_once_despite_a_cleaner() {
    for (number, clean) in CLEANERS.into_iter().enumerate() {
        let directory = TempDir::new().unwrap();
        let (endpoint, port) = later();
        let mut first = Process::start(&endpoint, directory.path());
        for amount in 1..=5 {
            first.count(amount);
        }
        clean(&directory.path().join("slot-000"));
        let mut second = Process::start(&endpoint, directory.path());
        second.count(100);
        let server = on(port);
        for process in [&mut first, &mut second] {
            assert!(process.flush(), "{number}");
        }
        // A third one finds nothing that was sent before.
        first.kill();
        second.kill();
        let mut third = Process::start(&endpoint, directory.path());
        assert!(third.flush(), "{number}");
        let mut came = arrived(&server);
        came.sort_unstable();
        assert_eq!(came, [1, 2, 3, 4, 5, 100], "{number}");
        assert_eq!(third.health().recovered, 0, "{number}");
        third.kill();
    }
}

#[test]
fn the_next_process_finds_files_written_after_a_cleaner() {
    for (number, clean) in CLEANERS.into_iter().enumerate() {
        let directory = TempDir::new().unwrap();
        let (endpoint, port) = later();
        let mut first = Process::start(&endpoint, directory.path());
        first.count(1);
        clean(&directory.path().join("slot-000"));
        for amount in 2..=4 {
            first.count(amount);
        }
        first.kill();
        let server = on(port);
        let mut second = Process::start(&endpoint, directory.path());
        assert!(
            server.wait_for(AMPLE, |state| state.lines().len() >= 3),
            "{number}"
        );
        assert!(second.flush(), "{number}");
        let came = arrived(&server);
        assert!(came.ends_with(&[2, 3, 4]), "{number}: {came:?}");
        assert!(came.len() <= 4 && came.is_sorted(), "{number}: {came:?}");
        second.kill();
    }
}

#[test]
fn requests_for_one_endpoint_never_go_to_another() {
    let directory = TempDir::new().unwrap();
    let (staging, port) = later();
    let mut first = Process::start(&staging, directory.path());
    first.count(1);
    first.count(2);
    first.kill();
    let left = spooled(directory.path());

    let production = server();
    let mut second = Process::start(&production.url(), directory.path());
    second.count(10);
    assert!(second.flush());
    assert_eq!(arrived(&production), [10]);
    let health = second.health();
    assert_eq!((health.recovered, health.dropped, health.ok), (0, 0, 1));
    let said = second.ask("error");
    for part in ["2 requests", "slot-000", &staging, "another endpoint"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("SECRET"), "{said}");
    assert_eq!(spooled(directory.path()), left, "they are left there");
    second.kill();

    let server = on(port);
    let mut third = Process::start(&staging, directory.path());
    assert!(third.flush());
    assert_eq!(arrived(&server), [1, 2]);
    assert_eq!(arrived(&production), [10]);
    third.kill();
}

#[test]
fn a_damaged_first_line_loses_its_requests_and_is_reported() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, directory.path());
    for amount in 1..=3 {
        first.count(amount);
    }
    first.kill();
    let damaged = &spooled(directory.path())[1];
    let mut bytes = fs::read(damaged).unwrap();
    bytes[3] = b'!';
    fs::write(damaged, &bytes).unwrap();

    let server = on(port);
    let mut second = Process::start(&endpoint, directory.path());
    assert!(second.flush());
    assert_eq!(arrived(&server), [1, 3]);
    let health = second.health();
    assert_eq!((health.recovered, health.ok, health.dropped), (3, 2, 1));
    assert!(second.ask("events").contains("spool_damaged"));
    let kept = damaged.with_extension("damaged");
    assert_eq!(fs::read(kept).unwrap(), bytes);
    second.kill();
    // It is counted once.
    let mut third = Process::start(&endpoint, directory.path());
    assert!(third.flush());
    assert_eq!((third.health().recovered, third.health().dropped), (0, 0));
    third.kill();
}

#[test]
fn a_directory_below_one_of_another_user_is_refused_with_the_fix() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let directory = TempDir::new().unwrap();
    let parent = directory.path().join("parent");
    fs::create_dir(&parent).unwrap();
    let mode = |mode| fs::set_permissions(&parent, fs::Permissions::from_mode(mode)).unwrap();
    let spool = parent.join("deep/spool");
    let build = || {
        let server = Server::builder().token(TOKEN).start().unwrap();
        let exporter = dt_metrics::dynatrace::Exporter::builder()
            .endpoint(server.url())
            .api_token(TOKEN)
            .spool_dir(&spool)
            .build();
        exporter.map(drop).map_err(|error| error.to_string())
    };
    mode(0o757);
    let error = build().unwrap_err();
    for part in ["parent", "mode 757", "owner ", "chmod go-w"] {
        assert!(error.contains(part), "{error}");
    }
    mode(0o755);
    // Only root can change its owner.
    if chown(&parent, Some(65_534), None).is_ok() {
        let error = build().unwrap_err();
        for part in ["parent", "mode 755", "owner 65534", "change its owner"] {
            assert!(error.contains(part), "{error}");
        }
        chown(&parent, Some(0), None).unwrap();
    }
    assert!(!spool.exists());
    build().unwrap();
    assert!(spool.exists());
}
