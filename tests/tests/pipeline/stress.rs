//! Threads born and dying, drains all the time, series retired and reborn: totals are exact.
//!
//! Two seconds by default; set `DT_METRICS_STRESS_SECONDS` for another duration.

mod values;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{AMPLE, server, to};
use dt_metrics::{counted, in_flight, timed};

#[counted(name = "stress.fixed", dims(kind = "fixed"))]
fn fixed() {}

#[counted(name = "stress.passing", cardinality_limit = 100, dims(id = id))]
fn passing(id: u64) {
    let _ = id;
}

#[timed(name = "stress.timed", dims(id = id), cardinality_limit = 50)]
#[in_flight(name = "stress.in_flight", dims(odd = id % 2 == 1))]
fn timed_call(id: u64) -> u64 {
    id
}

#[test]
fn totals_are_exact_while_series_come_and_go() {
    own_process!(alone);
    let seconds = std::env::var("DT_METRICS_STRESS_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(2));
    let server = server();
    let metrics = to(&server)
        .push_interval(Duration::from_millis(10))
        .install()
        .unwrap();
    let (calls, lives) = (AtomicU64::new(0), AtomicU64::new(0));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..64)
            .map(|worker| {
                let (calls, lives) = (&calls, &lives);
                scope.spawn(move || {
                    while Instant::now() < end {
                        // A thread of its own for each life, for its own storage.
                        thread::scope(|life| {
                            life.spawn(|| {
                                let life = lives.fetch_add(1, Relaxed);
                                for call in 0..500 {
                                    fixed();
                                    passing(life / 50 + call % 7);
                                    timed_call(life % 90 + worker % 3);
                                }
                            });
                        });
                        calls.fetch_add(500, Relaxed);
                        thread::sleep(Duration::from_millis(1));
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Relaxed) {
                metrics.flush(AMPLE).unwrap();
            }
        });
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, Relaxed);
    });
    metrics.shutdown(AMPLE).unwrap();

    let (calls, lives) = (calls.into_inner() as f64, lives.into_inner());
    println!(
        "{calls} calls on {lives} threads, {} lines",
        server.totals().lines
    );
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    assert_eq!(server.counter_total("stress.fixed", &[]), calls);
    assert_eq!(server.counter_total("stress.passing", &[]), calls);
    let timed: u64 = server
        .series()
        .iter()
        .filter(|series| series.metric == "stress.timed")
        .map(|series| series.values)
        .sum();
    assert_eq!(timed as f64, calls);
    let still: Vec<_> = server
        .series()
        .into_iter()
        .filter(|series| series.metric == "stress.in_flight")
        .collect();
    assert_eq!(still.len(), 2);
    for series in still {
        let dt_metrics_local::protocol::Payload::Gauge { value } = series.last else {
            panic!("not a gauge: {series:?}");
        };
        assert_eq!(value, 0.0);
    }
    let health = metrics.health();
    assert_eq!(health.points_dropped, 0);
}
