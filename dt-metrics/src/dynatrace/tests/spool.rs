//! A spool that is not as it should be: delivery goes on.

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::{ConfigError, SpoolError};
use crate::dynatrace::event::DeliveryEvent;
use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::health::Health;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::tests::accounting::assert_accounted;
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, end_in_outage, provider, readdress, to};
use opentelemetry::metrics::{Counter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// A program with a spool, and a server that is down until the outage ends.
struct Program {
    exporter: Exporter,
    provider: SdkMeterProvider,
    counter: Counter<u64>,
    /// How many data points were exported.
    counted: Cell<u64>,
    server: Server,
    is_up: Arc<AtomicBool>,
}

impl Program {
    fn start(spool: &Path) -> Self {
        Self::with(spool, |builder| builder)
    }

    fn with(
        spool: &Path,
        options: impl FnOnce(crate::dynatrace::ExporterBuilder) -> crate::dynatrace::ExporterBuilder,
    ) -> Self {
        let is_up = Arc::new(AtomicBool::new(false));
        let asked = is_up.clone();
        let server = Server::start(move |_, _| {
            let is_up = asked.load(Ordering::Relaxed);
            Reply::status(if is_up { 202 } else { 503 })
        });
        readdress(spool, Format::Lines, &server);
        let exporter = options(to(&server).spool_dir(spool))
            .build()
            .expect("valid");
        let provider = provider(&exporter);
        let counter = provider.meter("test").u64_counter("calls").build();
        Self {
            exporter,
            provider,
            counter,
            counted: Cell::new(0),
            server,
            is_up,
        }
    }

    fn count(&self, amount: u64) {
        self.counter.add(amount, &[]);
        self.provider.force_flush().expect("collected");
        self.counted.set(self.counted.get() + 1);
    }

    /// Ends the outage and returns the values that arrived after it, each once.
    fn deliver(&self) -> Vec<u64> {
        let before = self.server.requests().len();
        self.is_up.store(true, Ordering::Relaxed);
        self.exporter.flush(LONG).expect("delivered");
        let requests = self.server.requests();
        let deltas = requests[before..].iter().map(|request| {
            let (_, rest) = request.body.split_once("delta=").expect("a delta");
            let (delta, _) = rest.split_once(' ').expect("a time");
            delta.parse().expect("a number")
        });
        deltas.collect()
    }

    /// The health, after checking that it adds up.
    fn health(&self) -> Health {
        let health = self.exporter.health();
        assert_accounted(self.counted.get() + health.points_recovered, &health);
        health
    }
}

fn directory() -> TempDir {
    TempDir::new().expect("a directory")
}

fn file(spool: &Path, sequence: u64, extension: &str) -> PathBuf {
    spool.join(format!("slot-000/{sequence:020}-0000000000.{extension}"))
}

/// Writes the files that a process leaves if it ends now.
fn leave(spool: &Path, lines: &[(SystemTime, &str)]) {
    let (left, _) =
        Directory::open(spool, Recipient::of_test(Format::Lines), |_, _| ()).expect("a spool");
    for ((collected, text), sequence) in lines.iter().zip(1..) {
        left.slot
            .write(RequestId::of(sequence), *collected, &Body::of(text), None)
            .expect("written");
    }
}

#[test]
fn old_requests_are_counted_and_not_sent_with_any_clock() {
    let directory = directory();
    let now = SystemTime::now();
    leave(
        directory.path(),
        &[
            (
                SystemTime::UNIX_EPOCH,
                "a count,delta=1 1\nb count,delta=1 1",
            ),
            (now - Duration::from_secs(3_600), "a count,delta=2 1"),
            (now - Duration::from_secs(3_000), "a count,delta=3 1"),
            (now + Duration::from_secs(1_000_000), "a count,delta=4 1"),
        ],
    );
    let program = Program::start(directory.path());
    program.count(5);
    assert_eq!(program.deliver(), [3, 4, 5]);
    let health = program.health();
    assert_eq!((health.points_recovered, health.points_accepted), (5, 3));
    assert_eq!(health.dropped["too_old"], 3);
    assert_eq!(health.points_dropped, 3);
}

#[test]
fn abandoned_requests_beyond_the_limit_are_dropped_oldest_first() {
    let directory = directory();
    let now = SystemTime::now();
    let lines = [
        "a count,delta=1 1",
        "a count,delta=2 1",
        "a count,delta=3 1",
    ];
    leave(directory.path(), &lines.map(|line| (now, line)));
    let limit = 2 * lines[0].len() as u64;
    let program = Program::with(directory.path(), |builder| builder.spool_limit_bytes(limit));
    assert_eq!(program.health().dropped["buffer_full"], 1);
    assert_eq!(program.health().points_pending, 2);
    assert_eq!(program.deliver(), [2, 3]);
}

#[test]
fn after_a_shutdown_the_next_exporter_of_the_process_has_it() {
    let directory = directory();
    for round in 0..3 {
        let program = Program::start(directory.path());
        assert_eq!(program.health().points_recovered, round);
        program.count(round + 1);
        end_in_outage(&program.exporter);
        let health = program.health();
        assert_eq!(health.points_pending, round + 1);
        assert_eq!(
            (health.points_spooled, health.points_dropped),
            (round + 1, 0)
        );
    }
    let program = Program::start(directory.path());
    assert_eq!(program.deliver(), [1, 2, 3]);
}

#[test]
fn files_of_a_newer_version_are_left_alone() {
    let directory = directory();
    leave(
        directory.path(),
        &[(SystemTime::now(), "a count,delta=1 1")],
    );
    let newer = file(directory.path(), 2, "lines");
    let said = "dt-metrics-spool 2 whatever ";
    let line = format!("{said}{:08x}\nand more", crc32fast::hash(said.as_bytes()));
    fs::write(&newer, &line).expect("written");
    let program = Program::start(directory.path());
    program.count(2);
    assert_eq!(program.deliver(), [1, 2]);
    assert_eq!(fs::read_to_string(newer).expect("still there"), line);
    assert_eq!(program.health().points_recovered, 1);
}

#[test]
fn a_file_that_is_altered_or_removed_meanwhile_costs_its_own_lines() {
    let directory = directory();
    let now = SystemTime::now();
    let lines = [
        "a count,delta=1 1",
        "a count,delta=2 1\nb count,delta=2 1",
        "a count,delta=3 1",
        "a count,delta=4 1",
    ];
    leave(directory.path(), &lines.map(|line| (now, line)));
    let program = Program::start(directory.path());
    // The first file is read at once, to be sent.
    fs::write(file(directory.path(), 2, "lines"), "garbage").expect("written");
    fs::remove_file(file(directory.path(), 3, "lines")).expect("removed");
    assert_eq!(program.deliver(), [1, 4]);
    assert_eq!(program.health().dropped["spool_damaged"], 3);
}

#[test]
fn an_unusable_directory_is_reported_and_lines_wait_in_memory() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "x").expect("written");
    let program = Program::start(&file.join("below"));
    let said = program.health().last_error.expect("said");
    assert!(
        said.contains("the spool cannot be used") && said.contains("below"),
        "{said}"
    );
    program.count(1);
    let health = program.health();
    assert_eq!((health.points_pending, health.points_spooled), (1, 0));
    assert_eq!(program.deliver(), [1]);
    program.exporter.shutdown(LONG).expect("nothing waits");
}

#[test]
fn a_path_that_is_not_a_directory_is_an_error() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "x").expect("written");
    for path in [file, PathBuf::new()] {
        let error = to(&Server::accepting())
            .spool_dir(&path)
            .build()
            .expect_err("no directory");
        assert!(
            matches!(&error, ConfigError::Spool { path: said, source: SpoolError::NotADirectory } if *said == path),
            "{error}"
        );
    }
}

#[test]
fn no_room_at_all_is_an_error() {
    let error = Exporter::builder()
        .spool_limit_bytes(0)
        .build()
        .expect_err("no room");
    assert_eq!(error.to_string(), "`spool_limit_bytes` must be more than 0");
}

/// Nobody can make a directory there.
#[cfg(target_os = "linux")]
#[test]
fn an_unusable_directory_is_an_event_and_delivery_continues() {
    let (told, events) = std::sync::mpsc::channel();
    let program = Program::with(Path::new("/proc/nope"), |builder| {
        builder.on_delivery_event(move |event| {
            if let DeliveryEvent::SpoolFailing { .. } = event {
                told.send(event.to_string()).expect("the test listens");
            }
        })
    });
    let said = events.recv_timeout(LONG).expect("told");
    for part in [
        "/proc/nope",
        "the spool cannot be used",
        "do not survive this process",
    ] {
        assert!(said.contains(part), "{said}");
    }
    program.count(1);
    assert_eq!(program.deliver(), [1]);
    program.exporter.shutdown(LONG).expect("nothing waits");
    drop(program);
    assert_eq!(events.iter().count(), 0, "it is told once");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;
    #[cfg(all(target_os = "linux", not(miri)))]
    use crate::{
        descriptor::{Descriptor, Kind},
        dynatrace::spool::cells::has_counts,
        dynatrace::spool::cells::tests::{die, labels},
        dynatrace::spool::handle::DirectoryHandle,
    };

    /// A disk that hangs, see `DirectoryHandle`: it works again when this is dropped.
    struct Hang(PathBuf);

    impl Hang {
        fn new(spool: &Path) -> Self {
            let path = spool.join("slot-000/hang");
            let mode = Mode::RUSR | Mode::WUSR;
            mknodat(CWD, &path, FileType::Fifo, mode, 0).expect("a pipe");
            Self(path)
        }
    }

    impl Drop for Hang {
        fn drop(&mut self) {
            // Whoever waits is woken, and nobody waits from now on.
            let _writer = fs::OpenOptions::new().write(true).open(&self.0);
            fs::remove_file(&self.0).expect("removed");
        }
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_an_error() {
        let directory = directory();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).expect("changed");
        let error = to(&Server::accepting())
            .spool_dir(directory.path())
            .build()
            .expect_err("not safe")
            .to_string();
        for part in ["spool", "mode 777", "chmod go-w"] {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 0);
    }

    #[test]
    fn a_disk_that_hangs_at_the_start_holds_nobody_up_for_long_and_joins_later() {
        let directory = directory();
        let lines = ["a count,delta=1 1", "a count,delta=2 1"];
        leave(
            directory.path(),
            &lines.map(|line| (SystemTime::now(), line)),
        );
        let hang = Hang::new(directory.path());
        let start = Instant::now();
        let program = Program::start(directory.path());
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
        assert!(program.health().last_error.is_some());
        for amount in 3..=5 {
            program.count(amount);
        }
        assert_eq!(program.health().points_spooled, 0);

        drop(hang);
        while program.health().points_spooled < 5 {
            std::thread::yield_now();
        }
        assert_eq!(program.health().points_recovered, 2);
        program.count(6);
        assert_eq!(program.deliver(), [3, 4, 5, 1, 2, 6]);
        program.exporter.shutdown(LONG).expect("delivered");
        let left = fs::read_dir(directory.path().join("slot-000")).expect("readable");
        assert_eq!(left.count(), 2, "the lock and the recipient");
    }

    #[test]
    fn a_disk_that_hangs_holds_up_one_collection_for_a_moment_and_no_delivery() {
        let directory = directory();
        let program = Program::start(directory.path());
        let hang = Hang::new(directory.path());
        let start = Instant::now();
        program.count(1);
        assert!(
            start.elapsed() >= Duration::from_millis(400),
            "it does hang"
        );
        // A second one that waited would show.
        let start = Instant::now();
        for amount in 2..=20 {
            program.count(amount);
        }
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(program.health().points_spooled, 0);
        assert_eq!(program.deliver(), (1..=20).collect::<Vec<_>>());
        let start = Instant::now();
        program.count(21);
        program
            .exporter
            .shutdown(Duration::from_secs(1))
            .expect("delivered");
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
        // The disk answers after all: its thread ends.
        drop(hang);
        let buffer = program.exporter.buffer();
        buffer.wait_for_exit(Instant::now().checked_add(LONG));
        assert!(!buffer.lock().queue.spooled.is_attached());
        assert!(fs::read_dir(directory.path().join("slot-000")).is_ok());
    }

    /// Its requests may be sent before they are on the disk, so the cells must not have the counts as well.
    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn while_a_disk_hangs_cells_count_on_and_only_requests_have_what_was_collected() {
        let directory = directory();
        let program = Program::with(directory.path(), |mut builder| {
            builder.options.kept_cells = Some(labels().resource);
            builder
        });
        let cells = program.exporter.cells().expect("kept in the spool");
        let count = |slot: u32| {
            let descriptor = Descriptor::new(Kind::Counter, "calls", "tests", "tests.rs", 1);
            cells.assign(slot, 0, &descriptor, &[]);
            let chunk = cells.chunk(slot as usize / 64).expect("room");
            chunk.add(slot as usize % 64, 1);
        };
        // What the next process would find if this one were killed now.
        let is_recoverable = || {
            let copy = TempDir::new().expect("a directory");
            let file = directory.path().join("slot-000/cells");
            fs::copy(file, copy.path().join("cells")).expect("copied");
            die(copy.path());
            has_counts(&DirectoryHandle::open(copy.path()).expect("a directory"))
        };
        count(0);
        assert!(is_recoverable());

        let hang = Hang::new(directory.path());
        count(64);
        cells.snapshot(0, &[1], &[]);
        program.count(1);
        assert!(!is_recoverable());
        count(65);
        assert_eq!(program.deliver(), [1]);

        drop(hang);
        program.is_up.store(false, Ordering::Relaxed);
        let mut collections = 0;
        while !is_recoverable() {
            cells.snapshot(0, &[1], &[]);
            program.count(2);
            collections += 1;
        }
        assert_eq!(program.deliver(), vec![2; collections]);
    }

    #[test]
    fn a_file_that_cannot_be_removed_is_logged_and_delays_nothing() {
        let directory = directory();
        let program = Program::start(directory.path());
        program.count(1);
        let path = file(directory.path(), 1, "lines");
        fs::remove_file(&path).expect("removed");
        // Even root cannot remove a directory as if it were a file.
        fs::create_dir(&path).expect("a directory");
        assert_eq!(program.deliver(), [1]);
        let said = program.health().last_error.expect("said");
        assert!(said.contains("cannot be removed"), "{said}");
        program.count(2);
        program.exporter.flush(LONG).expect("delivered");
        assert_eq!(program.health().points_accepted, 2);
    }

    #[test]
    fn a_failed_write_is_logged_and_repeated_later() {
        let directory = directory();
        let program = Program::start(directory.path());
        let part = file(directory.path(), 1, "part");
        fs::create_dir(part).expect("a directory");
        program.count(1);
        let health = program.health();
        assert_eq!((health.points_pending, health.points_spooled), (1, 0));
        fs::remove_dir(file(directory.path(), 1, "part")).expect("removed");
        program.count(2);
        let buffer = program.exporter.buffer();
        while program.health().points_spooled < 2 {
            buffer.wait_for_disk(None);
        }
        assert!(file(directory.path(), 1, "lines").is_file());
        assert_eq!(program.deliver(), [1, 2]);
    }
}
