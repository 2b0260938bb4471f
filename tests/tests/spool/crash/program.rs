//! The program that dies, and the program that delivers its counts.

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, abort};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics::dynatrace::DeliveryGuarantee;
use dt_metrics::instrument::Counter;
use dt_metrics::{Builder, DimensionValue, Handle, count, counted, measured, record};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::counters::{
    self, AMOUNT, CALLS_ERR, CALLS_OK, DURATION_ERR, DURATION_OK, HANDLE, LITERAL, PARTS, REBORN,
    ROUTES, SHARDS, SIZE, SIZES,
};
use super::ledger::{Ledger, Page, THREADS};
use crate::common::own_process::{self, path_of};
use crate::common::program::TOKEN;
use crate::common::{AMPLE, NEVER};

const ENDPOINT: &str = "TEST_CRASH_ENDPOINT";
const SPOOL: &str = "TEST_CRASH_SPOOL";
const OTLP: &str = "TEST_CRASH_OTLP";
const AT_MOST_ONCE: &str = "TEST_CRASH_AT_MOST_ONCE";
const LEDGER: &str = "TEST_CRASH_LEDGER";
const INTERVAL_MS: &str = "TEST_CRASH_INTERVAL_MS";
const COUNTS_EARLY: &str = "TEST_CRASH_COUNTS_EARLY";
const DEATH: &str = "TEST_CRASH_DEATH";
const AFTER_MS: &str = "TEST_CRASH_AFTER_MS";

/// The answer of the program that delivers.
pub const DELIVERED: &str = "delivered: ";

/// How a process ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Death {
    /// The test sends SIGKILL.
    Kill,
    Abort,
    StackOverflow,
    OutOfMemory,
}

impl Death {
    pub const ALL: [Self; 4] = [
        Self::Kill,
        Self::Abort,
        Self::StackOverflow,
        Self::OutOfMemory,
    ];
}

/// The settings that a dying process shares with the process that delivers its counts.
#[derive(Clone, Debug)]
pub struct Settings {
    pub endpoint: String,
    pub spool: PathBuf,
    pub otlp: bool,
    pub at_most_once: bool,
}

/// One process that dies.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub death: Death,
    /// From the moment at which the process is ready.
    pub after: Duration,
    pub interval: Duration,
    pub lines_per_request: usize,
    /// Whether threads count before metrics are installed. Their counts are delivered before the process
    /// is ready.
    pub counts_early: bool,
}

impl Settings {
    fn command(&self, program: &str) -> Command {
        let mut command = own_process::child(program);
        command
            .env(ENDPOINT, &self.endpoint)
            .env(SPOOL, &self.spool)
            .env_remove(super::KILLS);
        for (variable, is_set) in [(OTLP, self.otlp), (AT_MOST_ONCE, self.at_most_once)] {
            if is_set {
                command.env(variable, "1");
            }
        }
        command
    }

    /// The command of a process that counts and dies.
    pub fn dying(&self, life: &Life, ledger: &Path) -> Command {
        let mut command = self.command(path_of(counts_and_dies));
        command
            .env(LEDGER, ledger)
            .env(INTERVAL_MS, life.interval.as_millis().to_string())
            .env(
                "DT_METRICS_MAX_LINES_PER_REQUEST",
                life.lines_per_request.to_string(),
            )
            .env(DEATH, format!("{:?}", life.death))
            .env(AFTER_MS, life.after.as_millis().to_string());
        if life.counts_early {
            command.env(COUNTS_EARLY, "1");
        }
        command
    }

    /// The command of a process that delivers.
    pub fn delivering(&self) -> Command {
        self.command(path_of(delivers))
    }
}

fn number(variable: &str) -> u64 {
    env::var(variable).unwrap().parse().unwrap()
}

fn builder() -> Builder {
    let mut builder = dt_metrics::builder();
    if env::var_os(OTLP).is_some() {
        builder = builder.otlp();
    }
    if env::var_os(AT_MOST_ONCE).is_some() {
        builder = builder.delivery_guarantee(DeliveryGuarantee::AtMostOnce);
    }
    builder
        .endpoint(env::var(ENDPOINT).unwrap())
        .api_token(TOKEN)
        .spool_dir(env::var_os(SPOOL).unwrap())
}

#[test]
#[ignore = "a process that the other tests start"]
fn delivers() {
    if !own_process::is_child(path_of(delivers)) {
        return;
    }
    let metrics = builder().push_interval(NEVER).install().unwrap();
    count!("crash.successor", counters::OF_SUCCESSOR);
    let flushed = metrics.flush(AMPLE);
    let health = metrics.health();
    metrics.shutdown(AMPLE).unwrap();
    flushed.unwrap_or_else(|error| panic!("{error}: {health:?}"));
    let ambiguous = health.dropped.get("ambiguous").copied().unwrap_or(0);
    assert_eq!(health.points_dropped, ambiguous, "{health:?}");
    assert_eq!(health.points_pending, 0, "{health:?}");
    println!("{DELIVERED}{ambiguous}");
}

#[test]
#[ignore = "a process that the other tests start"]
fn counts_and_dies() {
    if !own_process::is_child(path_of(counts_and_dies)) {
        return;
    }
    // Leaves no files where the test ran.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).unwrap();
    let ledger = Ledger::open(Path::new(&env::var_os(LEDGER).unwrap()), counters::NUMBER);
    let is_early = env::var_os(COUNTS_EARLY).is_some();
    if is_early {
        start_counting(&ledger);
        thread::sleep(Duration::from_millis(20));
    }
    let metrics = install();
    if is_early {
        metrics.flush(AMPLE).unwrap();
    } else {
        start_counting(&ledger);
    }
    ledger.set_ready();
    let death = env::var(DEATH).unwrap();
    if death == "Kill" {
        loop {
            thread::park();
        }
    }
    thread::sleep(Duration::from_millis(number(AFTER_MS)));
    match &*death {
        "Abort" => abort(),
        "StackOverflow" => drop(thread::spawn(|| deeper(0)).join()),
        "OutOfMemory" => run_out_of_memory(),
        other => panic!("{other}"),
    }
    unreachable!("it outlived {death}");
}

fn install() -> Handle {
    let metrics = builder()
        .push_interval(Duration::from_millis(number(INTERVAL_MS)))
        .install()
        .unwrap();
    IS_INSTALLED.store(true, Ordering::Relaxed);
    metrics
}

#[expect(unconditional_recursion, reason = "overflows the stack")]
fn deeper(depth: u64) -> u64 {
    black_box(deeper(black_box(depth + 1))) + depth
}

/// Allocates until an allocation fails, here or in another thread, which aborts the process.
fn run_out_of_memory() {
    const MORE: u64 = 8 << 20;
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kilobytes = size.unwrap().split_whitespace().next().unwrap();
    let limit = (kilobytes.parse::<u64>().unwrap() << 10) + MORE;
    let limit = Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    setrlimit(Resource::As, limit).unwrap();
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 64 << 10]));
    }
}

#[counted(name = "crash.literal", dims(region = "eu"))]
fn literal() {}

#[derive(Clone, Copy, DimensionValue)]
enum Size {
    Small,
    Medium,
    Large,
}

#[counted(name = "crash.sized", dims(size = size))]
fn sized(size: Size) {}

#[counted(name = "crash.routed", dims(route = route))]
fn routed(route: &str) {}

#[measured(name = "crash.measured")]
fn call(fails: bool) -> Result<(), ()> {
    if fails { Err(()) } else { Ok(()) }
}

/// As fast as it can.
fn start_counting(ledger: &Ledger) {
    let start = Instant::now();
    for thread in 0..THREADS {
        let page = ledger.page(thread);
        thread::spawn(move || {
            if thread > 0 {
                count_calls(page, start, usize::MAX);
            } else {
                // Threads that end.
                loop {
                    thread::scope(|scope| {
                        scope.spawn(|| count_calls(page, start, 500));
                    });
                }
            }
        });
    }
}

/// The share of turns with values. There is a limit to what the spool holds.
const VALUE_EVERY: usize = 8;

/// Whether metrics are installed.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// The turns with values before metrics are installed. A thread keeps its newest 4,096 values only.
static EARLY_TURNS: AtomicUsize = AtomicUsize::new(0);

fn may_record() -> bool {
    const MOST: usize = 1_000;
    IS_INSTALLED.load(Ordering::Relaxed) || EARLY_TURNS.fetch_add(1, Ordering::Relaxed) < MOST
}

fn record_values(page: Page, turn: usize, routes: &[String]) {
    let fails = turn.is_multiple_of(4);
    let [calls, duration] = if fails {
        [CALLS_ERR, DURATION_ERR]
    } else {
        [CALLS_OK, DURATION_OK]
    };
    let _ = page.around_all([(calls, 1), (duration, 1)], || call(fails));
    let value = turn as u64 % counters::LARGEST_VALUE + 1;
    page.around_all([(SIZE[0], 1), (SIZE[1], value)], || {
        record!("crash.size", value, dims(kind = "bytes"));
    });
    let part = turn * 3 % routes.len();
    let place = PARTS + 2 * part;
    page.around_all([(place, 1), (place + 1, value)], || {
        record!("crash.parts", value, dims(route = &*routes[part]));
    });
}

fn count_calls(page: Page, start: Instant, turns: usize) {
    let routes: Vec<_> = (0..counters::NUMBER_OF_ROUTES)
        .map(counters::route)
        .collect();
    let counter = Counter::builder("crash.handle")
        .dimension("cache", "users")
        .build()
        .unwrap();
    let shards: Vec<_> = (0..counters::NUMBER_OF_SHARDS)
        .map(|shard| counter.with([("shard", shard)]).unwrap())
        .collect();
    let mut known = 1;
    for turn in 0..turns {
        page.around(LITERAL, 1, literal);
        let size = turn % 3;
        page.around(SIZES + size, 1, || {
            sized([Size::Small, Size::Medium, Size::Large][size]);
        });
        let route = turn * 7 % known;
        page.around(ROUTES + route, 1, || routed(&routes[route]));
        let amount = turn as u64 % 5 + 1;
        page.around(AMOUNT, amount, || {
            count!("crash.amount", amount, dims(kind = "bytes"));
        });
        if turn % VALUE_EVERY == 0 && may_record() {
            record_values(
                page,
                turn / VALUE_EVERY,
                &routes[..known.min(counters::NUMBER_OF_PARTS)],
            );
        }
        page.around(HANDLE, 1, || counter.add(1));
        let shard = turn % shards.len();
        page.around(SHARDS + shard, 2, || shards[shard].add(2));
        if turn % 128 == 0 {
            // New series begin all the time, and one series ends and begins again.
            let time = usize::try_from(start.elapsed().as_millis()).unwrap();
            known = (1 + time / 2).min(routes.len());
            let counter = Counter::builder("crash.reborn").build().unwrap();
            page.around(REBORN, 1, || counter.add(1));
        }
    }
}
