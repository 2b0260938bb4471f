//! Processes that die while eight threads count and record values: each count and each value up to the
//! last call is delivered by the next process, and once.
//!
//! `DT_METRICS_CRASH_KILLS` is the number of processes that die (16 by default), a quarter each for
//! lines and OTLP, with both delivery guarantees.

mod counters;
mod ledger;
mod program;
mod received;

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dt_metrics_local::Fault;
use tempfile::TempDir;

use self::program::{DELIVERED, Death, Life, Settings};
use self::received::{Received, Recorder};
use super::kills::Random;
use crate::common::AMPLE;
use crate::common::own_process::{self, alone};

/// The number of processes that die.
const KILLS: &str = "DT_METRICS_CRASH_KILLS";

/// The requests that can be in flight together.
const IN_FLIGHT: usize = 4;

#[test]
fn counts_survive_a_crash() {
    counts_survive(false, false);
}

#[test]
fn counts_survive_a_crash_without_duplicates() {
    counts_survive(false, true);
}

#[test]
fn counts_survive_a_crash_over_otlp() {
    counts_survive(true, false);
}

#[test]
fn counts_survive_a_crash_over_otlp_without_duplicates() {
    counts_survive(true, true);
}

/// The behaviour of the endpoint while processes die.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Weather {
    /// Answers at once.
    Up,
    /// Answers late, so that requests are in flight at the kill.
    Slow,
    /// Refuses the first requests.
    Failing,
    /// Nothing listens.
    Down,
}

/// Processes that die one after the other, and a process that delivers their counts.
#[derive(Debug)]
struct Chain {
    weather: Weather,
    lives: Vec<Life>,
}

impl Chain {
    fn random(random: &mut Random, at_most_once: bool, longest: u64) -> Self {
        let mut pick =
            |choices: &[u64]| choices[usize::try_from(random.below(choices.len() as u64)).unwrap()];
        let weather = [
            Weather::Up,
            Weather::Slow,
            Weather::Failing,
            Weather::Down,
            Weather::Down,
        ];
        let weather = weather[usize::try_from(pick(&[0, 1, 2, 3, 4])).unwrap()];
        // A process that dies reports no ambiguous data points of the process before it.
        let length = if at_most_once {
            1
        } else {
            pick(&[1, 1, 2, 3]).min(longest)
        };
        let lives = (0..length)
            .map(|_| Life {
                death: Death::ALL[usize::try_from(pick(&[0, 0, 0, 1, 2, 3])).unwrap()],
                after: Duration::from_millis(pick(&[0, 5, 30, 70, 110, 160, 230, 310, 450])),
                interval: Duration::from_millis(pick(&[30, 50, 100, 200, 3_600_000])),
                lines_per_request: usize::try_from(pick(&[7, 60, 1_000])).unwrap(),
                counts_early: weather == Weather::Up && pick(&[0, 0, 0, 1]) == 1,
            })
            .collect();
        Self { weather, lives }
    }
}

fn counts_survive(otlp: bool, at_most_once: bool) {
    let _turn = alone();
    let kills = env::var(KILLS).map_or(16, |number| number.parse::<u64>().unwrap());
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let mut random = Random(seed);
    let mut left = kills.div_ceil(4);
    while left > 0 {
        let chain = Chain::random(&mut random, at_most_once, left);
        left -= chain.lives.len() as u64;
        println!("{chain:?}");
        assert_exact(&chain, otlp, at_most_once, random.below(u64::MAX));
    }
}

fn assert_exact(chain: &Chain, otlp: bool, at_most_once: bool, seed: u64) {
    let directory = TempDir::new().unwrap();
    let ledger = directory.path().join("ledger");
    ledger::create(&ledger, counters::NUMBER);
    let server = super::server();
    let recorder = Recorder::start(&server);
    match chain.weather {
        Weather::Up => {}
        Weather::Slow => {
            let delays = [1, 10, 60].map(|delay| (1, Fault::Delay(Duration::from_millis(delay))));
            server.fail_at_random(seed, &delays).unwrap();
        }
        Weather::Failing => {
            // One after the other: a request that fails while others succeed would be halved.
            server
                .fail_next(1 + usize::try_from(seed % 30).unwrap(), 503)
                .unwrap();
        }
        Weather::Down => server.stop_listening().unwrap(),
    }
    let settings = Settings {
        endpoint: server.url(),
        spool: directory.path().join("spool"),
        otlp,
        at_most_once,
    };
    let start = milliseconds();
    for life in &chain.lives {
        live(life, settings.dying(life, &ledger), &ledger);
    }
    let death = milliseconds();

    server.recover();
    if chain.weather == Weather::Down {
        server.listen_again().unwrap();
    }
    let printed = own_process::passes(settings.delivering());
    let ambiguous = printed.split_once(DELIVERED).unwrap().1;
    let ambiguous: usize = ambiguous.lines().next().unwrap().parse().unwrap();
    // Another process finds nothing.
    let mut counts = server.counts();
    own_process::passes(settings.delivering());
    *counts.get_mut("crash.successor").unwrap() += counters::OF_SUCCESSOR as f64;
    assert_eq!(server.counts(), counts, "{chain:?}");
    assert!(super::spooled(&settings.spool).is_empty());
    let received = recorder.end(server);
    println!(
        "{} calls, {} requests twice, {ambiguous} ambiguous data points",
        received.counts.iter().sum::<u64>(),
        received.doubled
    );
    assert_counts(&received, &ledger, ambiguous, chain);
    assert_eq!(received.of_successor, 2 * counters::OF_SUCCESSOR);
    let doubled = if at_most_once {
        0
    } else {
        assert_eq!(ambiguous, 0);
        IN_FLIGHT * chain.lives.len()
    };
    assert!(received.doubled <= doubled, "{received:?} in {chain:?}");
    if let Some((first, last)) = received.times {
        assert!(start <= first, "{first} is before {start} in {chain:?}");
        assert!(last <= death, "{last} is after {death} in {chain:?}");
    }
}

/// Asserts that the ledger allows what came. Each ambiguous data point may be a missing one.
#[track_caller]
fn assert_counts(received: &Received, ledger: &Path, ambiguous: usize, chain: &Chain) {
    let bounds = ledger::bounds(ledger, counters::NUMBER);
    let certain: u64 = bounds.iter().map(|bound| *bound.start()).sum();
    let arrived: u64 = received.counts.iter().sum();
    let (mut missing, mut surplus) = (Vec::new(), Vec::new());
    let counters = counters::all().into_iter().enumerate();
    let counters = counters.map(|(place, series)| (format!("{series:?}"), vec![place]));
    let distributions = counters::distributions().into_iter().map(|it| {
        let places = [it.count].into_iter().chain(it.sum);
        (format!("{} {:?}", it.key, it.dimensions), places.collect())
    });
    // Without memory, the file of a process cannot grow.
    let may_be_full = chain
        .lives
        .iter()
        .any(|life| life.death == Death::OutOfMemory);
    for (series, places) in counters.chain(distributions) {
        let bounds = places.iter().map(|place| &bounds[*place]);
        let counts: Vec<_> = places.iter().map(|place| received.counts[*place]).collect();
        let line = || {
            format!(
                "{series}: {counts:?} came, {bounds:?} were counted",
                bounds = bounds.clone().collect::<Vec<_>>()
            )
        };
        let is_value = places[0] >= counters::COUNTERS;
        let mut both = counts.iter().zip(bounds.clone());
        if both.clone().any(|(count, bound)| count > bound.end()) {
            surplus.push(line());
        } else if both.any(|(count, bound)| count < bound.start()) && !(is_value && may_be_full) {
            missing.push(line());
        }
    }
    assert!(
        surplus.is_empty(),
        "too many in {} series, such as {}; {certain} calls, {arrived} came, in {chain:?}",
        surplus.len(),
        surplus[0]
    );
    assert!(
        missing.len() <= ambiguous,
        "too few in {} series, such as {}; {certain} calls, {arrived} came, in {chain:?}",
        missing.len(),
        missing[0]
    );
}

/// A process that does not outlive a test that fails.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs a process until it dies.
fn live(life: &Life, mut command: Command, ledger: &Path) {
    ledger::set_not_ready(ledger);
    let mut running = Running(Some(command.spawn().unwrap()));
    let child = running.0.as_mut().unwrap();
    let give_up = Instant::now() + AMPLE;
    while !ledger::is_ready(ledger) {
        let ended = child.try_wait().unwrap();
        // It may have begun and ended since the last look.
        let has_failed = ended.is_some() && !ledger::is_ready(ledger);
        if has_failed || Instant::now() > give_up {
            let output = running.0.take().unwrap();
            let output = killed(output);
            panic!("{life:?} does not begin: {output}");
        }
        thread::sleep(Duration::from_millis(1));
    }
    if life.death == Death::Kill {
        thread::sleep(life.after);
        child.kill().unwrap();
    }
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > give_up {
            let output = killed(running.0.take().unwrap());
            panic!("{life:?} does not die: {output}");
        }
        thread::sleep(Duration::from_millis(1));
    }
    let output = running.0.take().unwrap().wait_with_output().unwrap();
    assert!(output.status.signal().is_some(), "{life:?}: {output:?}");
}

/// Kills a process and returns its output.
fn killed(mut child: Child) -> String {
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    format!("{}\n{}", output.status, String::from_utf8_lossy(&printed))
}

/// Now, since 1970.
fn milliseconds() -> i64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(time.as_millis()).unwrap()
}
