//! What was not delivered survives the process, whatever ends it: over real HTTP, on a real disk,
//! by real processes that are killed.
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::process::{Numbers, Process, TOKEN, program as run_program};
use common::{AMPLE, NEVER};
use dt_metrics::dynatrace::Exporter;
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
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
    let address = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap();
    format!("http://{address}/api/v2/metrics/ingest")
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
                .is_some_and(|extension| extension == "lines")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn what_was_collected_before_a_kill_arrives_first_in_order_and_once() {
    let directory = TempDir::new().unwrap();
    for round in 0..3 {
        let spool = directory.path().join(round.to_string());
        let nowhere = outage();
        let mut expected = Vec::new();
        for process in 1..=3 {
            let mut killed = Process::start(&nowhere, &spool);
            assert_eq!(killed.health().recovered, expected.len() as u64);
            for amount in 1..=4 {
                killed.count(process * 10 + amount);
                expected.push(process * 10 + amount);
            }
            // At once: nothing had time to settle.
            killed.kill();
        }
        assert_eq!(spooled(&spool).len(), 12);

        let server = server();
        let mut last = Process::start(&server.url(), &spool);
        last.count(99);
        expected.push(99);
        assert!(last.flush());
        assert_eq!(arrived(&server), expected);
        assert!(server.rejected().is_empty());
        let times: Vec<_> = server
            .lines()
            .iter()
            .map(|line| line.timestamp_ms)
            .collect();
        assert!(times.is_sorted() && times[0].is_some());
        let health = last.health();
        assert_eq!((health.ok, health.recovered), (13, 12));
        assert_eq!((health.buffered, health.spooled, health.dropped), (0, 0, 0));
        last.kill();
        assert!(spooled(&spool).is_empty());
    }
}

/// While all is well, a kill between an answer and the removal of the file doubles one request;
/// nothing else does, and nothing is lost.
#[test]
fn a_kill_at_any_moment_loses_nothing_and_doubles_one_request_at_most() {
    let directory = TempDir::new().unwrap();
    let server = server();
    let mut told = 0;
    let mut killed_so_far = 0;
    for round in 0..12_u64 {
        let mut process = Process::start(&server.url(), directory.path());
        process.count_on();
        // For a while that differs from round to round.
        for _ in 0..=round {
            process.answer();
        }
        let more = process.kill_and_read().len() as u64;
        told += round + 1 + more;
        killed_so_far += 1;
    }
    let mut last = Process::start(&server.url(), directory.path());
    assert!(last.flush());
    last.kill();
    let came = arrived(&server);
    let came_lines = came.len() as u64;
    // The last one of each process may have been collected without its being told.
    assert!(
        (told..=told + 2 * killed_so_far).contains(&came_lines),
        "{told} were told, {came_lines} came"
    );
    // Each process counted from 1: without gaps, and never back by more than one.
    for pair in came.windows(2) {
        assert!(
            pair[1] == pair[0] + 1 || pair[1] == pair[0] || pair[1] == 1,
            "{came:?}"
        );
    }
    assert!(spooled(directory.path()).is_empty());
}

/// Numbers that are the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

#[test]
fn outages_and_kills_at_random_cost_nothing() {
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let mut random = Random(seed);
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let (mut amount, mut kills_while_up) = (0, 0);
    let mut came = Vec::new();
    for _ in 0..12 {
        let is_up = random.below(2) == 0;
        let server = is_up.then(|| Server::builder().token(TOKEN).port(port).start().unwrap());
        let mut process = Process::start(&endpoint, directory.path());
        for _ in 0..random.below(6) {
            amount += 1;
            process.count(amount);
        }
        if random.below(3) > 0 {
            process.kill();
            kills_while_up += u64::from(is_up);
        } else {
            process.shutdown();
        }
        came.extend(server.iter().flat_map(arrived));
    }
    let server = Server::builder().token(TOKEN).port(port).start().unwrap();
    let mut last = Process::start(&endpoint, directory.path());
    assert!(last.flush());
    last.kill();
    came.extend(arrived(&server));
    let total = came.len() as u64;
    assert!(came.is_sorted(), "{came:?}");
    came.dedup();
    assert_eq!(came, (1..=amount).collect::<Vec<_>>());
    assert!(total <= amount + kills_while_up, "{total} for {amount}");
    assert!(spooled(directory.path()).is_empty());
}

#[test]
fn two_processes_share_a_directory_and_a_third_delivers_what_both_left() {
    let directory = TempDir::new().unwrap();
    let nowhere = outage();
    let mut first = Process::start(&nowhere, directory.path());
    let mut second = Process::start(&nowhere, directory.path());
    for amount in 1..=3 {
        first.count(amount);
        second.count(10 + amount);
    }
    assert_eq!((first.health().spooled, second.health().spooled), (3, 3));
    first.kill();
    second.kill();

    let server = server();
    let mut third = Process::start(&server.url(), directory.path());
    let came = server.wait_for(AMPLE, |state| state.lines().len() >= 6);
    assert!(came, "{:?}", arrived(&server));
    assert!(third.flush());
    assert_eq!(arrived(&server), [1, 2, 3, 11, 12, 13]);
    assert_eq!(third.health().recovered, 6);
    third.kill();
}

/// A request is under way when the process is killed: whether it was accepted nobody knows.
#[test]
fn what_may_have_been_sent_before_a_kill_is_sent_again_unless_told_otherwise() {
    let start = [Process::start, Process::start_careful];
    for (start, is_careful) in start.into_iter().zip([false, true]) {
        let directory = TempDir::new().unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/", silent.local_addr().unwrap());
        let mut killed = start(&endpoint, directory.path());
        killed.count(1);
        killed.count(2);
        // Its request has come, so it was sent.
        let (mut connection, _) = silent.accept().unwrap();
        connection.read_exact(&mut [0; 100]).unwrap();
        killed.kill();

        let server = server();
        let mut next = start(&server.url(), directory.path());
        assert!(next.flush());
        let health = next.health();
        assert_eq!(health.recovered, 2);
        if is_careful {
            assert_eq!(arrived(&server), [2]);
            assert_eq!((health.ok, health.dropped), (1, 1));
        } else {
            assert_eq!(arrived(&server), [1, 2]);
            assert_eq!((health.ok, health.dropped), (2, 0));
        }
        next.kill();
        // What was answered before the kill is not in question.
        let mut last = start(&server.url(), directory.path());
        last.count(3);
        assert!(last.flush());
        assert_eq!((last.health().recovered, last.health().dropped), (0, 0));
        last.kill();
    }
}

#[test]
fn the_living_keep_what_is_theirs() {
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
fn a_shutdown_leaves_what_was_not_delivered_and_says_so() {
    let directory = TempDir::new().unwrap();
    let mut first = Process::start(&outage(), directory.path());
    first.count(1);
    first.count(2);
    let expected = Numbers {
        buffered: 2,
        spooled: 2,
        ..Numbers::default()
    };
    assert_eq!(first.shutdown(), expected);

    let server = server();
    let mut second = Process::start(&server.url(), directory.path());
    assert!(second.flush());
    assert_eq!(arrived(&server), [1, 2]);
    let health = second.shutdown();
    assert_eq!((health.ok, health.recovered, health.dropped), (2, 2, 0));
}

#[test]
fn nobody_else_can_read_it_and_the_token_is_not_there() {
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

/// Starts a program whose spool is a disk of its own, which is gone with it. `None` where no disk
/// can be made.
fn start_on_disk(options: &str, endpoint: &str, disk: &Path) -> Option<Process> {
    fs::create_dir(disk).unwrap();
    let mount = format!("mount -t tmpfs -o mode=700,{options} none \"$0\" && exec \"$@\"");
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

/// Nothing listens there yet.
fn later() -> (String, u16) {
    let port = server().address().port();
    (
        format!("http://127.0.0.1:{port}/api/v2/metrics/ingest"),
        port,
    )
}

#[test]
fn a_full_disk_stops_nothing() {
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

    let server = Server::builder().token(TOKEN).port(port).start().unwrap();
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
    let server = Server::builder().token(TOKEN).port(port).start().unwrap();
    assert!(process.flush());
    assert_eq!(arrived(&server), [1]);
    assert_eq!(process.shutdown().ok, 1);
}

/// Everything that can be wrong with the files, at once.
#[test]
fn damaged_files_stop_nothing() {
    let directory = TempDir::new().unwrap();
    let mut first = Process::start(&outage(), directory.path());
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

    let server = server();
    let mut second = Process::start(&server.url(), directory.path());
    second.count(7);
    assert!(second.flush());
    assert_eq!(arrived(&server), [5, 6, 7]);
    let health = second.health();
    // Those two whose lines could be known.
    assert_eq!((health.recovered, health.dropped), (4, 2));
    assert_eq!((health.ok, health.buffered), (3, 0));
    assert_eq!(fs::read_to_string(foreign).unwrap(), "of somebody else");
    assert!(spooled(directory.path()).is_empty());
    second.kill();
}

#[test]
fn a_directory_that_is_removed_is_made_again() {
    let directory = TempDir::new().unwrap();
    let spool = directory.path().join("spool");
    let nowhere = outage();
    let mut first = Process::start(&nowhere, &spool);
    first.count(1);
    first.count(2);
    fs::remove_dir_all(&spool).unwrap();
    first.count(3);
    // What was in memory was written again.
    let wanted: BTreeSet<_> = (1..=3).collect();
    assert_eq!(first.health().buffered, 3);
    while first.health().spooled < 3 {
        std::thread::yield_now();
    }
    first.kill();
    let server = server();
    let mut second = Process::start(&server.url(), &spool);
    assert!(second.flush());
    assert_eq!(
        arrived(&server).into_iter().collect::<BTreeSet<_>>(),
        wanted
    );
    assert_eq!(server.lines().len(), 3);
    second.kill();
}

/// A program that has only an exporter, with bounds of its own; 200 requests of 40 bytes each
/// wait. Returns what arrives in the end, and how many lines were dropped.
fn bounded(memory: usize, disk: u64) -> (Vec<u64>, u64) {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let exporter = Exporter::builder()
        .endpoint(endpoint)
        .api_token(TOKEN)
        .buffer_limit_bytes(memory)
        .spool_dir(directory.path().join("spool"))
        .spool_limit_bytes(disk)
        .build()
        .unwrap();
    let reader = PeriodicReader::builder(exporter.clone()).with_interval(NEVER);
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.build())
        .build();
    let counter = provider.meter("bounded").u64_counter("calls").build();
    for amount in 1..=200 {
        counter.add(amount, &[]);
        provider.force_flush().unwrap();
    }
    let health = exporter.health();
    assert_eq!(health.buffered_lines + health.lines_dropped, 200);
    let server = Server::builder().token(TOKEN).port(port).start().unwrap();
    exporter.flush(AMPLE).unwrap();
    assert!(spooled(&directory.path().join("spool")).is_empty());
    (arrived(&server), exporter.health().lines_dropped)
}

#[test]
fn more_than_fits_in_memory_is_on_disk() {
    let (arrived, dropped) = bounded(300, 1_000_000);
    assert_eq!(arrived, (1..=200).collect::<Vec<_>>());
    assert_eq!(dropped, 0);
}

#[test]
fn past_both_bounds_the_newest_survive_and_the_loss_is_counted() {
    let (arrived, dropped) = bounded(300, 6_000);
    assert_eq!(arrived.len() as u64 + dropped, 200);
    assert!((50..150).contains(&arrived.len()), "{}", arrived.len());
    // In order, and the newest without a gap.
    assert!(arrived.is_sorted());
    let newest: Vec<_> = (151..=200).collect();
    assert!(arrived.ends_with(&newest), "{arrived:?}");
}
