//! Counting through faults, for `DT_METRICS_SOAK_SECONDS` (3 by default), with the faults of
//! `DT_METRICS_SOAK_SEED` (any, and printed, by default).

mod faults;
mod program;
mod received;

use std::env;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics::dynatrace::{DeliveryGuarantee, ExporterBuilder};
use dt_metrics_local::{Fault, Server};

use program::{Calls, Program, count_while};
use received::{Received, doubtful_lines};

/// The bytes that the buffer may hold by default, and the requests in flight.
const BUFFER: u64 = 64 << 20;
const IN_FLIGHT: u64 = 4 << 20;

/// The bytes that a process may grow by: the buffer, and the data of the test's server.
const GROWTH: u64 = 256 << 20;

fn seconds() -> Duration {
    let seconds = env::var("DT_METRICS_SOAK_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(3))
}

/// How long a silent server is waited for.
fn timeout() -> Duration {
    (seconds() / 20).clamp(Duration::from_millis(500), Duration::from_secs(10))
}

fn seed() -> u64 {
    let given = env::var("DT_METRICS_SOAK_SEED").ok();
    let seed = given
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("DT_METRICS_SOAK_SEED={seed}");
    seed
}

/// The memory of this process, if the system reports it.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

/// Looks at a program again and again, until the time is over.
fn watch(program: &Program, time: Duration, mut meanwhile: impl FnMut()) {
    let before = memory();
    let mut most = (0, 0);
    let end = Instant::now() + time;
    while Instant::now() < end {
        let buffered = program.exporter.health().bytes_pending;
        assert!(buffered <= BUFFER + IN_FLIGHT, "{buffered} bytes wait");
        let grown = memory()
            .zip(before)
            .map_or(0, |(now, before)| now.saturating_sub(before));
        assert!(grown < GROWTH, "grown by {grown} bytes");
        most = (most.0.max(buffered), most.1.max(grown));
        meanwhile();
        thread::sleep(Duration::from_millis(20));
    }
    println!(
        "at most {} bytes buffered, grown by {} bytes",
        most.0, most.1
    );
}

/// Counts while all is well, then while it is not; then lets the server recover. Returns all calls.
fn count(program: &Program, faults: &[(u32, Fault)], meanwhile: impl FnMut()) -> Calls {
    let (before, well) = count_while(|| watch(program, seconds() / 5, || {}));
    program.server.fail_at_random(seed(), faults).unwrap();
    let (during, ill) = count_while(|| watch(program, seconds(), meanwhile));
    program.server.recover();
    println!("a call took {well:?} while all was well, {ill:?} while it was not");
    Calls {
        counted: before.counted + during.counted,
        timed: before.timed + during.timed,
    }
}

fn program(options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) -> Program {
    let server = Server::builder().token("t0p.secret").start().unwrap();
    // Often, but not so often that the buffer would not hold all of it.
    let interval = (seconds() / 6_000).max(Duration::from_millis(50));
    Program::new(server, (interval, timeout()), |exporter| {
        options(exporter.api_token("t0p.secret"))
    })
}

/// Has it try again at once, so that it meets more faults.
fn hurry(program: &Program) {
    // Most often the flush is not done in time, and returns an error.
    let _ = program.exporter.flush(Duration::from_millis(1));
}

#[test]
fn every_call_arrives_once_through_faults_that_are_clear() {
    own_process!(alone);
    through_clear_faults(|exporter| exporter);
}

/// Each collection is several requests, which are in flight together.
#[test]
fn in_small_requests_every_call_arrives_once() {
    own_process!(alone);
    through_clear_faults(|exporter| exporter.max_lines_per_request(3));
}

#[test]
fn in_small_requests_only_doubtful_lines_arrive_twice() {
    own_process!(alone);
    through_doubtful_faults(|exporter| exporter.max_lines_per_request(3));
}

#[test]
fn over_otlp_every_call_arrives_once() {
    own_process!(alone);
    through_clear_faults(ExporterBuilder::otlp);
}

fn through_clear_faults(options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) {
    let program = program(options);
    let made = count(&program, &faults::clear(), || {});
    let health = program.deliver();

    let received = Received::by(&program.server);
    assert_eq!((received.calls, received.late), (made, 0), "{health:?}");
    // None, on a machine that answers in time.
    let doubtful = doubtful_lines(&program.server, &health);
    assert!(received.doubled <= doubtful, "{received:?}, {health:?}");
    let lines = program.server.totals().lines;
    assert_eq!(health.points_accepted, lines - received.doubled);
    assert_eq!(health.points_dropped, 0, "{health:?}");
    program.assert_conserved(&health);
    println!(
        "{made:?}, {} requests, {health:?}",
        program.server.totals().requests
    );
}

#[test]
fn every_call_arrives_and_no_more_comes_twice_than_is_doubtful() {
    own_process!(alone);
    through_doubtful_faults(|exporter| exporter);
}

#[test]
fn over_otlp_only_doubtful_points_arrive_twice() {
    own_process!(alone);
    through_doubtful_faults(ExporterBuilder::otlp);
}

fn through_doubtful_faults(options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) {
    let program = program(options);
    let faults = [faults::clear(), faults::doubtful(timeout())].concat();
    let made = count(&program, &faults, || hurry(&program));
    let health = program.deliver();

    let received = Received::by(&program.server);
    let lines = doubtful_lines(&program.server, &health);
    assert_eq!((received.calls, received.late), (made, 0), "{health:?}");
    assert!(received.doubled <= lines, "{} of {lines}", received.doubled);
    assert_eq!(health.points_dropped, 0, "{health:?}");
    program.assert_conserved(&health);
    println!(
        "{made:?}, {} of {lines} doubtful lines came twice, {health:?}",
        received.doubled
    );
}

#[test]
fn nothing_comes_twice_where_a_loss_is_preferred() {
    own_process!(alone);
    let program = program(|exporter| exporter.delivery_guarantee(DeliveryGuarantee::AtMostOnce));
    let faults = [faults::clear(), faults::doubtful(timeout())].concat();
    let made = count(&program, &faults, || hurry(&program));
    let health = program.deliver();

    let received = Received::by(&program.server);
    assert_eq!((received.doubled, received.late), (0, 0));
    // Some abandoned lines had been accepted.
    let lines = program.server.totals().lines;
    let doubtful = doubtful_lines(&program.server, &health);
    assert!(health.points_accepted <= lines && lines <= health.points_accepted + doubtful);
    let given_up = health.dropped.get("ambiguous").copied();
    assert_eq!(health.points_dropped, given_up.unwrap_or(0), "{health:?}");
    assert!(received.calls.counted <= made.counted);
    assert_eq!(received.calls == made, program.written() == lines);
    program.assert_conserved(&health);
    println!("{received:?} of {made:?}, {health:?}");
}

#[test]
fn every_call_arrives_or_is_refused_through_outages_and_rotations() {
    own_process!(alone);
    let program = program(|exporter| exporter);
    let server = &program.server;
    let mut faults = [faults::clear(), faults::doubtful(timeout())].concat();
    faults.push((2, Fault::RefuseLines(2)));
    faults.push((4, Fault::BodyLimit(1_000)));
    let mut step = 0;
    let made = count(&program, &faults, || {
        step += 1;
        match step % 50 {
            10 => server.stop_listening().unwrap(),
            15 | 35 => server.listen_again().unwrap(),
            20 => server.replace_token("rotated"),
            25 => server.replace_token("t0p.secret"),
            30 => server.become_unreachable().unwrap(),
            _ => hurry(&program),
        }
    });
    server.replace_token("t0p.secret");
    server.listen_again().unwrap();
    let health = program.deliver();

    let mut received = Received::by(server);
    received.add_refused(server);
    assert_eq!((received.calls, received.late), (made, 0), "{health:?}");
    let lines = doubtful_lines(server, &health);
    assert!(received.doubled <= lines, "{} of {lines}", received.doubled);
    assert_eq!(health.points_dropped, 0, "{health:?}");
    program.assert_conserved(&health);
    println!(
        "{made:?}, {} lines came twice, {health:?}",
        received.doubled
    );
}
