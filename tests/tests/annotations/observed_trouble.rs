//! `#[observed]` functions that panic, do not return, or take a lock that a collection holds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::common::export::payloads;
use crate::common::log::Log;
use crate::common::{AMPLE, server, to};
use dt_metrics::{count, observed};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;
use opentelemetry::global;

/// The warnings that name this metric.
fn warnings(log: &Log, name: &str) -> Vec<String> {
    let text = log.text();
    let lines = text.lines().filter(|line| line.starts_with("WARN"));
    let named = lines.filter(|line| line.contains(&format!("`{name}`")));
    named.map(Into::into).collect()
}

fn gauges(server: &Server, key: &str) -> Vec<f64> {
    let value = |payload| match payload {
        Payload::Gauge { value } => value,
        _ => f64::NAN,
    };
    payloads(server, key).into_iter().map(value).collect()
}

#[observed(name = "trouble.none")]
fn none() -> u64 {
    1
}

static PANICS: AtomicBool = AtomicBool::new(false);

#[observed(name = "trouble.panic")]
fn panics() -> u64 {
    assert!(!PANICS.load(SeqCst), "as intended");
    2
}

#[test]
fn a_panic_is_counted_and_logged_once_and_other_metrics_are_exported() {
    own_process!();
    // Printing a backtrace may take longer than a collection waits for the function.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let log = Log::install();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for panics in [false, true, true, false] {
        PANICS.store(panics, SeqCst);
        count!("trouble.count");
        metrics.flush(AMPLE).unwrap();
    }
    let health = metrics.health();
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(health.dropped["observed_panic"], 2);
    // `observed::other_kind` conflicts with another metric at each collection.
    let conflicts = health.dropped["conflicting_definition"];
    assert_eq!(health.points_dropped, 2 + conflicts);
    assert_eq!(gauges(&server, "trouble.panic"), [2.0; 3]);
    assert_eq!(gauges(&server, "trouble.none"), [1.0; 5]);
    assert_eq!(server.counter_total("trouble.count", &[]), 4.0);
    let warnings = warnings(&log, "trouble.panic");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["observed_trouble.rs:", "as intended"] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
}

/// A gate that a function waits for.
struct Gate {
    closed: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    const fn new() -> Self {
        Self {
            closed: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    fn pass(&self) {
        let closed = self.closed.lock().unwrap();
        drop(self.changed.wait_while(closed, |closed| *closed).unwrap());
    }

    fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.changed.notify_all();
    }
}

static GATE: Gate = Gate::new();
static VALUE: AtomicU64 = AtomicU64::new(0);
static RETURNED: AtomicU64 = AtomicU64::new(0);

#[observed(name = "trouble.slow")]
fn slow() -> u64 {
    let value = VALUE.load(SeqCst);
    GATE.pass();
    RETURNED.fetch_add(1, SeqCst);
    value
}

#[observed(name = "trouble.slow.total", kind = counter)]
fn slow_total() -> u64 {
    slow()
}

#[test]
fn a_slow_function_keeps_its_last_value_and_delays_no_other() {
    own_process!(alone);
    let log = Log::install();
    let server = server();
    let metrics = to(&server).install().unwrap();
    VALUE.store(3, SeqCst);
    metrics.flush(AMPLE).unwrap();

    GATE.close();
    VALUE.store(5, SeqCst);
    let start = Instant::now();
    metrics.flush(AMPLE).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    // Values are still taken out, instruments still created, functions still polled.
    let returned = RETURNED.load(SeqCst);
    let start = Instant::now();
    for _ in 0..10 {
        for _ in 0..2_000 {
            count!("trouble.slow.count", dims(text = "text".to_owned()));
        }
        metrics.flush(AMPLE).unwrap();
    }
    // Were it waited for, each would take a second.
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(RETURNED.load(SeqCst), returned);
    assert_eq!(server.counter_total("trouble.slow.count", &[]), 20_000.0);
    assert_eq!(gauges(&server, "trouble.none"), [1.0; 12]);
    assert_eq!(gauges(&server, "trouble.slow"), [3.0; 12]);
    assert_eq!(server.counter_total("trouble.slow.total", &[]), 3.0);

    GATE.open();
    while RETURNED.load(SeqCst) < returned + 2 {
        std::thread::yield_now();
    }
    VALUE.store(7, SeqCst);
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    let last = gauges(&server, "trouble.slow").pop();
    assert_eq!(last, Some(7.0));
    assert_eq!(server.counter_total("trouble.slow.total", &[]), 7.0);
    for name in ["trouble.slow", "trouble.slow.total"] {
        let warnings = warnings(&log, name);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("is slow"), "{warnings:?}");
        assert!(warnings[0].contains("observed_trouble.rs:"), "{warnings:?}");
    }
}

#[test]
fn one_that_does_not_return_does_not_keep_metrics_from_ending_and_beginning() {
    own_process!();
    let first = server();
    let metrics = to(&first).install().unwrap();
    GATE.close();
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    drop(metrics);
    let second = server();
    let metrics = to(&second).install().unwrap();
    metrics.flush(AMPLE).unwrap();
    GATE.open();
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(gauges(&second, "trouble.none"), [1.0; 2]);
}

static CREATES: AtomicBool = AtomicBool::new(false);
static CREATED: AtomicU64 = AtomicU64::new(0);

#[observed(name = "trouble.creating")]
fn creating() -> u64 {
    if CREATES.load(SeqCst) {
        let name = format!("trouble.created.{}", CREATED.load(SeqCst));
        let counter = global::meter("trouble").u64_counter(name).build();
        counter.add(1, &[]);
        global::meter("trouble")
            .u64_observable_gauge("trouble.created.gauge")
            .with_callback(|observer| observer.observe(1, &[]))
            .build();
        CREATED.fetch_add(1, SeqCst);
    }
    4
}

#[test]
fn one_that_makes_an_instrument_does_not_deadlock() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    CREATES.store(true, SeqCst);
    for round in 1..=2 {
        metrics.flush(AMPLE).unwrap();
        // It waits for the end of the collection, which does not wait for it for ever.
        while CREATED.load(SeqCst) < round {
            std::thread::yield_now();
        }
    }
    CREATES.store(false, SeqCst);
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    for round in 0..2 {
        let key = format!("trouble.created.{round}");
        assert_eq!(server.counter_total(&key, &[]), 1.0, "{key}");
    }
    assert!(gauges(&server, "trouble.creating").contains(&4.0));
}

static FLUSHES: Mutex<Option<std::sync::Arc<dt_metrics::Handle>>> = Mutex::new(None);

#[observed(name = "trouble.flushing")]
fn flushing() -> u64 {
    let metrics = FLUSHES.lock().unwrap().take();
    if let Some(metrics) = metrics {
        metrics.flush(AMPLE).unwrap();
    }
    5
}

#[test]
fn one_that_flushes_waits_for_itself_a_second_at_most() {
    own_process!();
    let server = server();
    let metrics = std::sync::Arc::new(to(&server).install().unwrap());
    *FLUSHES.lock().unwrap() = Some(metrics.clone());
    metrics.flush(AMPLE).unwrap();
    while gauges(&server, "trouble.flushing").is_empty() {
        metrics.flush(AMPLE).unwrap();
    }
    metrics.shutdown(AMPLE).unwrap();
}
