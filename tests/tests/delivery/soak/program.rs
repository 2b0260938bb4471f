//! A program that counts without pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics::dynatrace::{Exporter, ExporterBuilder, Health};
use dt_metrics::{Handle, counted, timed};
use dt_metrics_local::Server;

use crate::common::accounting::assert_accounted;
use crate::common::proof::{AMPLE, Counted};

/// The threads that count.
const WORKERS: u64 = 2;

/// Calls between two looks at the clock.
const ROUND: u64 = 1_000;

#[counted(name = "soak.plain")]
fn plain() {}

#[counted(name = "soak.dimensioned", dims(worker = worker, part = part))]
fn dimensioned(worker: u64, part: u64) {}

#[timed(name = "soak.timed")]
fn timed_call() {}

/// How often each was called.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calls {
    pub counted: u64,
    pub timed: u64,
}

/// A pipeline, and the server that it sends to.
pub struct Program {
    pub metrics: Handle,
    pub exporter: Exporter,
    pub server: Server,
    points: Arc<AtomicU64>,
}

impl Program {
    pub fn new(
        server: Server,
        (interval, timeout): (Duration, Duration),
        options: impl FnOnce(ExporterBuilder) -> ExporterBuilder,
    ) -> Self {
        let builder = Exporter::builder()
            .endpoint(server.url())
            .request_timeout(timeout);
        let exporter = options(builder).build().unwrap();
        let (counted, points) = Counted::new(exporter.clone());
        let metrics = dt_metrics::builder()
            .no_exporter()
            .exporter(counted)
            .push_interval(interval)
            .install()
            .unwrap();
        Self {
            metrics,
            exporter,
            server,
            points,
        }
    }

    /// Has everything that was counted delivered.
    pub fn deliver(&self) -> Health {
        self.metrics.flush(AMPLE).unwrap();
        self.exporter.flush(AMPLE).unwrap();
        self.exporter.health()
    }

    /// Every line that was written is in one place.
    pub fn assert_conserved(&self, health: &Health) {
        assert_accounted(self.written(), health);
    }

    /// The lines that were to be sent.
    pub fn written(&self) -> u64 {
        self.points.load(Ordering::Relaxed)
    }
}

/// Ends the counting, also if a check fails meanwhile.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Counts on several threads while `meanwhile` runs. Returns the calls made, and how long one
/// of them took.
pub fn count_while(meanwhile: impl FnOnce()) -> (Calls, Duration) {
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let calls = thread::scope(|scope| {
        let stop = &stop;
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| scope.spawn(move || work(worker, stop)))
            .collect();
        let at_the_end = Stop(stop);
        meanwhile();
        drop(at_the_end);
        workers.into_iter().fold(Calls::default(), |sum, worker| {
            let calls = worker.join().unwrap();
            Calls {
                counted: sum.counted + calls.counted,
                timed: sum.timed + calls.timed,
            }
        })
    });
    let a_call = (start.elapsed() * u32::try_from(WORKERS).unwrap()).div_f64(calls.counted as f64);
    (calls, a_call)
}

fn work(worker: u64, stop: &AtomicBool) -> Calls {
    let mut calls = Calls::default();
    while !stop.load(Ordering::Relaxed) {
        for call in 0..ROUND / 2 {
            plain();
            dimensioned(worker, call % 20);
        }
        timed_call();
        calls.counted += ROUND;
        calls.timed += 1;
    }
    calls
}
