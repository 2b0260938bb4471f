//! The measurements of one call are collected together.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{AMPLE, server, to};
use dt_metrics::measured;
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;

#[measured(name = "together.plain")]
fn plain(n: u32) -> Result<u32, u32> {
    if n.is_multiple_of(3) { Err(n) } else { Ok(n) }
}

#[measured(name = "together.tiered", dims(tier = tier))]
fn tiered(tier: &str) {
    let _ = tier;
}

/// More combinations than its limit.
#[measured(name = "together.limited", cardinality_limit = 4, dims(id = id))]
fn limited(id: u32) {
    let _ = id;
}

/// The calls and the durations of a function with an outcome, of all pushes until now.
fn calls_and_durations(server: &Server, name: &str, outcome: &str) -> (f64, f64) {
    let lines = server.lines();
    let of = |suffix: &str| {
        let key = format!("{name}.{suffix}");
        let lines = lines.iter();
        lines
            .filter(|line| line.key == key && line.dimension("outcome") == Some(outcome))
            .map(|line| match line.payload {
                Payload::Count { delta } => delta,
                Payload::Summary { count, .. } => count as f64,
                ref other => panic!("{other:?}"),
            })
            .sum()
    };
    (of("calls"), of("duration"))
}

/// How many sums of pushes may disagree. A collection waits for the aggregation of another one for 100 ms,
/// and keeps 65,536 values for the next one, both of which a busy machine may exceed. Without that, far
/// more disagree.
fn allowed(sums: usize) -> usize {
    sums / 12
}

#[test]
fn calls_and_durations_of_each_push_agree_under_load() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let stop = &stop;
            scope.spawn(move || {
                let mut n = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    n = n.wrapping_add(1);
                    let _ = plain(n);
                    tiered(["gold", "silver", "bronze"][(n % 3) as usize]);
                    if thread == 0 {
                        // Adds threads that end, whose blocks others adopt.
                        std::thread::spawn(move || plain(n)).join().unwrap().ok();
                    }
                }
            });
        }
        let (mut unequal, mut failures) = (Vec::new(), Vec::new());
        for push in 0..40 {
            let flushed = metrics.flush(AMPLE);
            failures.extend(flushed.err());
            for (name, outcome) in [
                ("together.plain", "ok"),
                ("together.plain", "err"),
                ("together.tiered", "ok"),
            ] {
                let (calls, durations) = calls_and_durations(&server, name, outcome);
                // The first push makes the room in which later ones keep values.
                if push > 0 && calls != durations {
                    unequal.push((push, name, outcome, calls, durations));
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(failures.is_empty(), "{failures:?}");
        assert!(unequal.len() <= allowed(3 * 40), "{unequal:?}");
    });
    metrics.shutdown(AMPLE).unwrap();
    let (calls, durations) = calls_and_durations(&server, "together.plain", "ok");
    assert!(calls > 0.0);
    assert_eq!(calls, durations);
}

#[test]
fn beyond_the_limit_of_series_no_count_is_held_back() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let mut total = 0.0;
    for round in 0..5 {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || (0..50).for_each(|id| limited(id * (thread + round))));
            }
        });
        total += 200.0;
        metrics.flush(AMPLE).unwrap();
        assert_eq!(server.counter_total("together.limited.calls", &[]), total);
    }
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn calls_and_durations_agree_at_each_of_several_exporters() {
    own_process!(alone);
    let servers = [server(), server()];
    let second = dt_metrics::dynatrace::Exporter::builder()
        .endpoint(servers[1].url())
        .build()
        .unwrap();
    let metrics = to(&servers[0])
        .exporter(second.clone())
        .exporter(crate::common::sums::Sums::new(
            opentelemetry_sdk::metrics::Temporality::Cumulative,
        ))
        .push_interval(std::time::Duration::from_millis(20))
        .install()
        .unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut n = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    n = n.wrapping_add(1);
                    let _ = plain(n);
                }
            });
        }
        let (mut unequal, mut failures) = (Vec::new(), Vec::new());
        for push in 0..20 {
            failures.extend(metrics.flush(AMPLE).err());
            let second_flushed = second.flush(AMPLE);
            failures.extend(second_flushed.err().map(Into::into));
            for (index, server) in servers.iter().enumerate() {
                for outcome in ["ok", "err"] {
                    let found = calls_and_durations(server, "together.plain", outcome);
                    // The first push makes the room in which later ones keep values.
                    if push > 1 && found.0 != found.1 {
                        unequal.push((push, index, outcome, found));
                    }
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(failures.is_empty(), "{failures:?}");
        assert!(unequal.len() <= allowed(2 * 2 * 20), "{unequal:?}");
    });
    metrics.shutdown(AMPLE).unwrap();
    for server in &servers {
        let (calls, durations) = calls_and_durations(server, "together.plain", "ok");
        assert!(calls > 0.0);
        assert_eq!(calls, durations);
        assert_eq!(
            calls,
            calls_and_durations(&servers[0], "together.plain", "ok").0
        );
    }
}
