//! Processes that are killed.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{arrived, later, on, server, spooled};
use crate::common::program::{PARTS, Process};
use crate::common::{AMPLE, ingest_url};
use dt_metrics_local::Fault;
use tempfile::TempDir;

#[test]
fn requests_collected_before_a_kill_arrive_first_in_order_and_once() {
    collected_lines_arrive_after_a_kill(Process::start);
}

#[test]
fn by_otlp_too() {
    collected_lines_arrive_after_a_kill(Process::start_otlp);
}

fn collected_lines_arrive_after_a_kill(start: impl Fn(&str, &Path) -> Process) {
    let directory = TempDir::new().unwrap();
    for round in 0..3 {
        let spool = directory.path().join(round.to_string());
        let (endpoint, port) = later();
        let mut expected = Vec::new();
        for process in 1..=3 {
            let mut killed = start(&endpoint, &spool);
            assert_eq!(killed.health().recovered, expected.len() as u64);
            for amount in 1..=4 {
                killed.count(process * 10 + amount);
                expected.push(process * 10 + amount);
            }
            // At once: nothing had time to settle.
            killed.kill();
        }
        assert_eq!(spooled(&spool).len(), 12);

        let server = on(port);
        let mut last = start(&endpoint, &spool);
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
    // The last value of each process may have been collected without a confirmation.
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
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
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
        let server = is_up.then(|| on(port));
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
    let server = on(port);
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

/// A collection of many requests, several of which are in flight when the process is killed.
#[test]
fn kills_with_several_requests_in_flight_lose_nothing_and_keep_the_order() {
    const IN_FLIGHT: usize = 4;
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let mut random = Random(seed);
    let directory = TempDir::new().unwrap();
    let server = server();
    let delays = [1, 5, 20, 40].map(|delay| (1, Fault::Delay(Duration::from_millis(delay))));
    server.fail_at_random(seed, &delays).unwrap();
    let start = || Process::start_with_lines(1, &server.url(), directory.path());
    let (mut amount, mut kills) = (0, 0);
    for _ in 0..8 {
        let mut process = start();
        for _ in 0..random.below(3) {
            amount += 1;
            process.count_parts(amount);
        }
        thread::sleep(Duration::from_millis(random.below(80)));
        process.kill();
        kills += 1;
    }
    let mut last = start();
    amount += 1;
    last.count_parts(amount);
    assert!(last.flush());
    last.kill();

    let mut series = BTreeMap::<String, Vec<u64>>::new();
    for (line, amount) in server.lines().iter().zip(arrived(&server)) {
        let part = line.dimensions.iter().find(|(key, _)| key == "part");
        let (_, part) = part.unwrap();
        series.entry(part.clone()).or_default().push(amount);
    }
    let total: usize = series.values().map(Vec::len).sum();
    let expected: Vec<_> = (1..=amount).collect();
    assert_eq!(series.len() as u64, PARTS);
    for (part, mut amounts) in series {
        assert!(amounts.is_sorted(), "part {part}: {amounts:?}");
        amounts.dedup();
        assert_eq!(amounts, expected, "part {part}");
    }
    let doubled = total - expected.len() * usize::try_from(PARTS).unwrap();
    assert!(
        doubled <= kills * IN_FLIGHT,
        "{doubled} after {kills} kills"
    );
    assert!(spooled(directory.path()).is_empty());
}

#[test]
fn two_processes_share_a_directory_and_a_third_delivers_their_requests() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, directory.path());
    let mut second = Process::start(&endpoint, directory.path());
    for amount in 1..=3 {
        first.count(amount);
        second.count(10 + amount);
    }
    assert_eq!((first.health().spooled, second.health().spooled), (3, 3));
    first.kill();
    second.kill();

    let server = on(port);
    let mut third = Process::start(&endpoint, directory.path());
    let came = server.wait_for(AMPLE, |state| state.lines().len() >= 6);
    assert!(came, "{:?}", arrived(&server));
    assert!(third.flush());
    assert_eq!(arrived(&server), [1, 2, 3, 11, 12, 13]);
    assert_eq!(third.health().recovered, 6);
    third.kill();
}

/// A request is under way when the process is killed: it may or may not have been accepted.
#[test]
fn requests_sent_before_a_kill_are_sent_again_unless_at_most_once() {
    let start = [Process::start, Process::start_careful];
    for (start, is_careful) in start.into_iter().zip([false, true]) {
        let directory = TempDir::new().unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let endpoint = ingest_url(port);
        let mut killed = start(&endpoint, directory.path());
        killed.count(1);
        killed.count(2);
        // Its request has come, so it was sent.
        let (mut connection, _) = silent.accept().unwrap();
        connection.read_exact(&mut [0; 100]).unwrap();
        killed.kill();
        drop((connection, silent));

        let server = on(port);
        let mut next = start(&endpoint, directory.path());
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
        // Requests that were answered before the kill are certain.
        let mut last = start(&endpoint, directory.path());
        last.count(3);
        assert!(last.flush());
        assert_eq!((last.health().recovered, last.health().dropped), (0, 0));
        last.kill();
    }
}
