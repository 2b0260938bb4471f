//! A program in a process of its own, which can be killed: this test executable once more, at the
//! test `program`, which each file that uses this has.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::mem::take;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dt_metrics::dynatrace::DeliveryGuarantee;
use dt_metrics::instrument::Observer;
use dt_metrics::{Handle, Health, count};

use super::accounting::assert_accounted;
use super::{AMPLE, NEVER};

const ENDPOINT: &str = "TEST_PROGRAM_ENDPOINT";
const SPOOL: &str = "TEST_PROGRAM_SPOOL";
const BY_OTLP: &str = "TEST_PROGRAM_BY_OTLP";
const NO_DUPLICATES: &str = "TEST_PROGRAM_NO_DUPLICATES";

/// The beginning of an answer; the test harness writes to the same pipe.
const ANSWER: &str = "> ";

/// The series of `count_parts`.
pub const PARTS: u64 = 24;

/// Something secret that must not be found where it does not belong.
pub const TOKEN: &str = "dt0c01.PROGRAM.SECRETSECRETSECRET";

/// The other side of [`program`].
pub struct Process {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The health that a program reports.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Numbers {
    pub ok: u64,
    pub dropped: u64,
    pub buffered: u64,
    pub spooled: u64,
    pub recovered: u64,
}

impl Process {
    pub fn start(endpoint: &str, spool: &Path) -> Self {
        Self::start_by(&[], endpoint, spool)
    }

    /// Starts a program that sends nothing twice.
    pub fn start_careful(endpoint: &str, spool: &Path) -> Self {
        let careful = format!("{NO_DUPLICATES}=1");
        Self::start_by(&["env", &careful], endpoint, spool)
    }

    /// Starts a program that sends over OTLP.
    pub fn start_otlp(endpoint: &str, spool: &Path) -> Self {
        Self::start_by(&["env", &format!("{BY_OTLP}=1")], endpoint, spool)
    }

    /// Starts a program that sends this many lines in a request.
    pub fn start_with_lines(lines: usize, endpoint: &str, spool: &Path) -> Self {
        let lines = format!("DT_METRICS_MAX_LINES_PER_REQUEST={lines}");
        Self::start_by(&["env", &lines], endpoint, spool)
    }

    /// Starts a program through a command such as `unshare`, given with its arguments.
    pub fn start_by(by: &[&str], endpoint: &str, spool: &Path) -> Self {
        let this = std::env::current_exe().unwrap();
        let mut command = match by {
            [] => Command::new(&this),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(&this);
                command
            }
        };
        command
            .args(["--exact", "program", "--ignored", "--nocapture"])
            .env(ENDPOINT, endpoint)
            .env(SPOOL, spool)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self {
            child,
            orders,
            answers,
        };
        assert_eq!(process.answer(), "ready");
        process
    }

    /// Counts so much, and returns when it is collected; nothing need be there to take it.
    pub fn count(&mut self, amount: u64) {
        assert_eq!(self.ask(&format!("count {amount}")), "collected");
    }

    /// Counts so much, and returns before it is collected.
    pub fn add(&mut self, amount: u64) {
        assert_eq!(self.ask(&format!("add {amount}")), "added");
    }

    /// Counts 1 in each of so many series, and returns before they are collected.
    pub fn add_parts(&mut self, parts: u64) {
        assert_eq!(self.ask(&format!("add_parts {parts}")), "added");
    }

    /// Counts so much in each of [`PARTS`] series.
    pub fn count_parts(&mut self, amount: u64) {
        assert_eq!(self.ask(&format!("count_parts {amount}")), "collected");
    }

    /// Whether all was delivered in time.
    pub fn flush(&mut self) -> bool {
        self.ask("flush") == "Ok(())"
    }

    pub fn health(&mut self) -> Numbers {
        let answer = self.ask("health");
        let mut numbers = answer.split(' ').map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Numbers {
            ok: next(),
            dropped: next(),
            buffered: next(),
            spooled: next(),
            recovered: next(),
        }
    }

    /// Each of its health's numbers adds up, which it checks itself.
    pub fn shutdown(mut self) -> Numbers {
        self.ask("shutdown");
        let numbers = self.health();
        drop(self.orders);
        assert!(self.child.wait().unwrap().success());
        numbers
    }

    /// Kills the program: it stops at once, without notice.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends the process in order, and returns the result of its shutdown.
    pub fn end(mut self) -> String {
        let result = self.ask("shutdown");
        drop(self.orders);
        assert!(self.child.wait().unwrap().success());
        result
    }

    /// Makes it count without end; `kill` ends it.
    pub fn count_on(&mut self) {
        writeln!(self.orders, "count_on").unwrap();
    }

    /// The answers that came before it was killed.
    pub fn kill_and_read(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let lines = self.answers.lines().map_while(Result::ok);
        lines
            .filter_map(|line| line.strip_prefix(ANSWER).map(str::to_owned))
            .collect()
    }

    pub fn ask(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answer()
    }

    pub fn answer(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "it ended");
            // The harness does not end its own line.
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return answer.trim_end().to_owned();
            }
        }
    }
}

/// Executes commands; the body of the test `program`.
pub fn program() {
    let endpoint = std::env::var(ENDPOINT).unwrap();
    let ambiguous = match std::env::var_os(NO_DUPLICATES) {
        Some(_) => DeliveryGuarantee::AtMostOnce,
        None => DeliveryGuarantee::AtLeastOnce,
    };
    let events: Arc<Mutex<Vec<String>>> = Arc::default();
    let install = || {
        let mut metrics = dt_metrics::builder();
        if std::env::var_os(BY_OTLP).is_some() {
            metrics = metrics.otlp();
        }
        let seen = events.clone();
        metrics
            .on_delivery_event(move |event| seen.lock().unwrap().push(event.to_string()))
            .delivery_guarantee(ambiguous)
            .endpoint(&endpoint)
            .api_token(TOKEN)
            .spool_dir(std::env::var_os(SPOOL).unwrap())
            .push_interval(NEVER)
            .install()
            .unwrap()
    };
    let mut metrics = install();
    // A function that hangs in each collection, while it is there.
    let mut hanging = None;
    say("ready");
    let mut counted = 0;
    // The series with counts that are not collected yet.
    let mut uncollected = BTreeSet::new();
    for order in io::stdin().lines() {
        let order = order.unwrap();
        match order.split_once(' ').unwrap_or((&order, "")) {
            ("count", amount) => {
                let before = known(&metrics);
                count!("program.calls", amount.parse::<u64>().unwrap());
                collect(&metrics, before);
                counted += 1;
                say("collected");
            }
            ("add", amount) => {
                count!("program.calls", amount.parse::<u64>().unwrap());
                uncollected.insert(None);
                say("added");
            }
            ("add_parts", parts) => {
                for part in 0..parts.parse::<u64>().unwrap() {
                    count!("program.calls", 1, dims(part = part));
                    uncollected.insert(Some(part));
                }
                say("added");
            }
            ("count_parts", amount) => {
                let before = known(&metrics);
                let amount = amount.parse::<u64>().unwrap();
                for part in 0..PARTS {
                    count!("program.calls", amount, dims(part = part));
                }
                collect(&metrics, before);
                counted += PARTS;
                say("collected");
            }
            ("count_on", _) => {
                for amount in 1_u64.. {
                    let before = known(&metrics);
                    count!("program.calls", amount);
                    collect(&metrics, before);
                    say(&amount.to_string());
                }
            }
            ("error", _) => say(&metrics.health().last_error.unwrap_or_default()),
            ("events", _) => say(&events.lock().unwrap().join("; ")),
            ("flush", _) => {
                say(&format!("{:?}", metrics.flush(AMPLE)));
                counted += take(&mut uncollected).len() as u64;
            }
            ("shutdown", _) => {
                say(&format!("{:?}", metrics.shutdown(Duration::from_secs(1))));
                counted += take(&mut uncollected).len() as u64;
            }
            ("shutdown_late", _) => {
                hanging = Some(hang());
                let ended = metrics.shutdown(Duration::from_millis(10));
                say(&format!("{ended:?}"));
            }
            ("reinstall", _) => {
                drop(hanging.take());
                metrics = install();
                say("ready");
            }
            ("health", _) => {
                let health = metrics.health();
                assert_accounted(counted + health.points_recovered, &health);
                say(&points(&health));
            }
            _ => panic!("{order}"),
        }
    }
}

/// A function that hangs in each collection.
fn hang() -> Observer {
    let observer = dt_metrics::observe("program.hanging").callback(|_| {
        loop {
            std::thread::park();
        }
    });
    observer.unwrap()
}

fn points(health: &Health) -> String {
    let mut text = String::new();
    for number in [
        health.points_accepted,
        health.points_dropped,
        health.points_pending,
        health.points_spooled,
        health.points_recovered,
    ] {
        write!(text, "{number} ").unwrap();
    }
    text.trim_end().to_owned()
}

/// Collects until the exporter has all counts, delivered or not.
fn collect(metrics: &Handle, before: u64) {
    loop {
        // A flush fails late on a loaded machine, and always in an outage: the collection decides.
        let _ = metrics.flush(Duration::from_millis(50));
        metrics.provider().force_flush().unwrap();
        if known(metrics) > before {
            return;
        }
    }
}

/// All lines that the exporter ever had.
fn known(metrics: &Handle) -> u64 {
    let health = metrics.health();
    health.points_accepted + health.points_rejected + health.points_dropped + health.points_pending
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{ANSWER}{text}").unwrap();
    out.flush().unwrap();
}
