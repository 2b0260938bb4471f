//! Callbacks that are polled once per collection, over real HTTP.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::common::export::gauges;
use crate::common::sums::Sums;
use crate::common::{AMPLE, NEVER, server, to};
use dt_metrics::instrument::{BuildError, Gauge, Observer};
use dt_metrics::{Kind, catalog, count, in_flight_guard, observe, timer, up_down_counter};
use opentelemetry_sdk::metrics::Temporality;

#[test]
fn a_callback_has_several_series_until_its_observer_is_dropped() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let idle = Arc::new(AtomicU64::new(3));
    let pool = Arc::clone(&idle);
    let observer = observe("observers.pool")
        .unit("{connection}")
        .description("Connections by state")
        .dimension("db", "orders")
        .callback(move |o| {
            let idle = pool.load(SeqCst);
            o.record(idle, [("state", "idle")]);
            o.record(10.5 - 3.0, [("state", "used")]);
            o.record(
                (idle > 3).then_some(1_i8),
                (("state", "waiting"), ("shard", 7)),
            );
        })
        .unwrap();
    metrics.flush(AMPLE).unwrap();
    idle.store(4, SeqCst);
    metrics.flush(AMPLE).unwrap();
    idle.store(2, SeqCst);
    metrics.flush(AMPLE).unwrap();
    drop(observer);
    assert_eq!(
        Arc::strong_count(&idle),
        1,
        "what it captured is dropped at once"
    );
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    let values = |state| {
        gauges(
            &server,
            "observers.pool",
            &[("db", "orders"), ("state", state)],
        )
    };
    assert_eq!(values("idle"), [3.0, 4.0, 2.0]);
    assert_eq!(values("used"), [7.5, 7.5, 7.5]);
    assert_eq!(values("waiting"), [1.0]);
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    let listed = catalog()
        .into_iter()
        .find(|d| d.name == "observers.pool")
        .unwrap();
    assert_eq!(
        (
            listed.kind,
            listed.unit,
            listed.description,
            listed.dimension_keys
        ),
        (
            Kind::Gauge,
            "{connection}",
            "Connections by state",
            &["db"][..]
        )
    );
}

#[test]
fn totals_are_sent_once_whichever_observer_and_pipeline_reads_them() {
    own_process!();
    let server = server();
    let total = Arc::new(AtomicU64::new(0));
    let observe = |total: &Arc<AtomicU64>| {
        let total = Arc::clone(total);
        observe("observers.total")
            .kind(Kind::Counter)
            .callback(move |o| o.record(total.load(SeqCst), [("of", "it")]))
            .unwrap()
    };
    let sum = || server.counter_total("observers.total", &[("of", "it")]);
    let metrics = to(&server).install().unwrap();
    total.store(10, SeqCst);
    let first = observe(&total);
    metrics.flush(AMPLE).unwrap();
    metrics.flush(AMPLE).unwrap();
    assert!((sum() - 10.0).abs() < 0.1);
    // Another one that reads the same total goes on with it.
    drop(first);
    metrics.flush(AMPLE).unwrap();
    total.store(12, SeqCst);
    let second = observe(&total);
    metrics.flush(AMPLE).unwrap();
    assert!((sum() - 12.0).abs() < 0.1, "{}", sum());
    // Two at the same time have a total each, and one that went back began again.
    let other = Arc::new(AtomicU64::new(100));
    let third = observe(&other);
    metrics.shutdown(AMPLE).unwrap();
    assert!((sum() - 112.0).abs() < 0.1, "{}", sum());
    count!("observers.total", 1, dims(of = "it"));
    let metrics = to(&server).install().unwrap();
    total.store(5, SeqCst);
    metrics.shutdown(AMPLE).unwrap();
    assert!((sum() - 118.0).abs() < 0.1, "{}", sum());
    drop((second, third));
}

#[test]
fn fractions_and_large_numbers_are_exact() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let polls = AtomicU64::new(0);
    let _observer = observe("observers.exact")
        .kind(Kind::Counter)
        .callback(move |o| {
            let poll = polls.fetch_add(1, SeqCst);
            o.record((1_u64 << 60) + poll, [("number", "large")]);
            o.record(
                f64::from(u32::try_from(poll).unwrap()) / 4.0,
                [("number", "fraction")],
            );
        })
        .unwrap();
    for _ in 0..4 {
        metrics.flush(AMPLE).unwrap();
    }
    let before = server.counter_total("observers.exact", &[("number", "large")]);
    metrics.flush(AMPLE).unwrap();
    let after = server.lines();
    let last = after
        .iter()
        .rev()
        .find(|line| line.has_dimensions(&[("number", "large")]))
        .unwrap();
    assert!(last.text.contains("delta=1"), "{before} {}", last.text);
    metrics.shutdown(AMPLE).unwrap();
    let fractions = server.counter_total("observers.exact", &[("number", "fraction")]);
    assert!((fractions - 5.0 / 4.0).abs() < 1e-9, "{fractions}");
}

#[test]
fn levels_leave_series_that_are_not_observed() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let level = Arc::new(AtomicI64::new(5));
    let read = Arc::clone(&level);
    up_down_counter!("observers.level", 1, dims(queue = "a"));
    let observer = observe("observers.level")
        .kind(Kind::UpDownCounter)
        .callback(move |o| {
            let level = read.load(SeqCst);
            let queue = if level > 0 { "a" } else { "b" };
            o.record(level, [("queue", queue)]);
        })
        .unwrap();
    metrics.flush(AMPLE).unwrap();
    level.store(-2, SeqCst);
    metrics.flush(AMPLE).unwrap();
    drop(observer);
    metrics.flush(AMPLE).unwrap();
    let values = |queue| gauges(&server, "observers.level", &[("queue", queue)]);
    assert_eq!(values("a"), [6.0, 1.0, 1.0]);
    assert_eq!(values("b"), [-2.0, 0.0]);
    metrics.shutdown(AMPLE).unwrap();
}

/// Lets callbacks wait.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn pass(&self) {
        let open = self.0.lock().unwrap();
        drop(self.1.wait_while(open, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
}

#[test]
fn a_callback_that_hangs_holds_up_nothing_and_its_observer_can_be_dropped() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let (gate, hangs) = (Arc::new(Gate::default()), Arc::new(AtomicBool::new(false)));
    let captured = (Arc::clone(&gate), Arc::clone(&hangs));
    let slow = observe("observers.slow")
        .callback(move |o| {
            if captured.1.load(SeqCst) {
                captured.0.pass();
            }
            o.record(1, ());
        })
        .unwrap();
    let _quick = observe("observers.quick")
        .callback(|o| o.record(2, ()))
        .unwrap();
    metrics.flush(AMPLE).unwrap();
    hangs.store(true, SeqCst);
    // Late, with its latest value.
    metrics.flush(AMPLE).unwrap();
    metrics.flush(AMPLE).unwrap();
    drop(slow);
    metrics.flush(AMPLE).unwrap();
    // Another one with its definition is polled, though the hanging poll has not returned.
    let _slow = observe("observers.slow")
        .callback(|o| o.record(3, ()))
        .unwrap();
    metrics.flush(AMPLE).unwrap();
    assert_eq!(Arc::strong_count(&gate), 2);
    gate.open();
    while Arc::strong_count(&gate) > 1 {
        thread::yield_now();
    }
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(
        gauges(&server, "observers.slow", &[]),
        [1.0, 1.0, 1.0, 3.0, 3.0]
    );
    assert_eq!(gauges(&server, "observers.quick", &[]), [2.0; 6]);
}

#[test]
fn a_panic_is_caught_and_counted_and_the_callback_is_polled_again() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let panics = Arc::new(AtomicBool::new(false));
    let read = Arc::clone(&panics);
    let _observer = observe("observers.panics")
        .callback(move |o| {
            o.record(1, ());
            if read.load(SeqCst) {
                resume_unwind(Box::new("as intended"));
            }
        })
        .unwrap();
    for is_panic in [false, true, true, false] {
        panics.store(is_panic, SeqCst);
        metrics.flush(AMPLE).unwrap();
    }
    assert_eq!(metrics.health().dropped.get("observed_panic"), Some(&2));
    assert_eq!(gauges(&server, "observers.panics", &[]), [1.0, 1.0]);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn series_beyond_the_limit_are_merged() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let round = AtomicU64::new(0);
    let _total = observe("observers.limited")
        .kind(Kind::Counter)
        .cardinality_limit(3)
        .callback(move |o| {
            let round = round.fetch_add(1, SeqCst);
            for id in 0..10 {
                o.record(round + 1, [("id", id)]);
            }
        })
        .unwrap();
    // Values of a dimension without end.
    let ids = AtomicU64::new(0);
    let _gauge = observe("observers.endless")
        .cardinality_limit(5)
        .callback(move |o| {
            for _ in 0..20 {
                o.record(1, [("id", ids.fetch_add(1, SeqCst))]);
            }
        })
        .unwrap();
    for _ in 0..3 {
        metrics.flush(AMPLE).unwrap();
    }
    let overflow = [("otel.metric.overflow", "true")];
    let sum = |dimensions: &[(&str, &str)]| server.counter_total("observers.limited", dimensions);
    assert!((sum(&overflow) - 21.0).abs() < 0.1, "{}", sum(&overflow));
    assert!((sum(&[]) - 30.0).abs() < 0.1, "{}", sum(&[]));
    assert_eq!(gauges(&server, "observers.endless", &overflow), [1.0; 3]);
    assert_eq!(gauges(&server, "observers.endless", &[]).len(), 3 * 6);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn each_of_several_readers_gets_all() {
    own_process!();
    let (delta, cumulative) = (
        Sums::new(Temporality::Delta),
        Sums::new(Temporality::Cumulative),
    );
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(delta.clone())
        .exporter(cumulative.clone())
        .push_interval(NEVER)
        .install()
        .unwrap();
    let total = Arc::new(AtomicU64::new(2));
    let read = Arc::clone(&total);
    let observer = observe("observers.several")
        .kind(Kind::Counter)
        .callback(move |o| o.record(read.load(SeqCst), ()))
        .unwrap();
    metrics.flush(AMPLE).unwrap();
    total.store(5, SeqCst);
    metrics.flush(AMPLE).unwrap();
    drop(observer);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(delta.of("observers.several"), [2.0, 3.0]);
    assert_eq!(cumulative.of("observers.several"), [2.0, 5.0, 5.0]);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn unsupported_observed_functions_are_errors() {
    let build = |name: &str, kind| observe(name).kind(kind).callback(|o| o.record(1, ()));
    let histogram = build("observers.histogram", Kind::Histogram);
    assert!(matches!(histogram, Err(BuildError::ObservedHistogram)));
    let invalid = build("not valid", Kind::Gauge);
    assert!(matches!(invalid, Err(BuildError::Invalid { .. })));
    let _depth = Gauge::builder("observers.taken").build().unwrap();
    let taken = build("observers.taken", Kind::Counter);
    assert!(matches!(taken, Err(BuildError::Conflict(_))));
}

#[test]
fn observers_come_and_go_while_pipelines_do() {
    own_process!();
    let server = server();
    let done = AtomicBool::new(false);
    let dropped = Arc::new(());
    thread::scope(|scope| {
        let pipelines = scope.spawn(|| {
            while !done.load(SeqCst) {
                let metrics = to(&server).install().unwrap();
                metrics.flush(AMPLE).unwrap();
                metrics.shutdown(AMPLE).unwrap();
            }
        });
        let workers: Vec<_> = (0..3)
            .map(|worker| {
                let dropped = &dropped;
                scope.spawn(move || {
                    for round in 0..200 {
                        let observe = |kind, name: &str| -> Observer {
                            let held = Arc::clone(dropped);
                            let callback = observe(name).kind(kind);
                            let callback = callback.callback(move |o| {
                                drop(Arc::clone(&held));
                                o.record(1, [("worker", worker)]);
                                if round % 7 == 0 {
                                    resume_unwind(Box::new("as intended"));
                                }
                            });
                            callback.unwrap()
                        };
                        let gauge = observe(Kind::Gauge, "observers.stress.gauge");
                        let level = observe(Kind::UpDownCounter, "observers.stress.level");
                        let total = observe(Kind::Counter, "observers.stress.total");
                        thread::yield_now();
                        match round % 3 {
                            0 => drop((gauge, level, total)),
                            1 => thread::spawn(move || drop((total, gauge, level)))
                                .join()
                                .unwrap(),
                            _ => {
                                drop(level);
                                drop(total);
                            }
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, SeqCst);
        pipelines.join().unwrap();
    });
    let metrics = to(&server).install().unwrap();
    metrics.shutdown(AMPLE).unwrap();
    // All callbacks are dropped, with their captured values, once their last poll has returned.
    while Arc::strong_count(&dropped) > 1 {
        thread::yield_now();
    }
    // A total of 1 is counted at most once for each observer that there was at a time.
    let total = server.counter_total("observers.stress.total", &[]);
    assert!(total <= 9.0, "{total}");
    for worker in ["0", "1", "2"] {
        let levels = gauges(&server, "observers.stress.level", &[("worker", worker)]);
        assert!(
            levels.iter().all(|level| (-0.1..3.1).contains(level)),
            "{levels:?}"
        );
    }
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
}

/// Observers of a total, timers and guards, dropped in any order, on other threads and in panics, while
/// pipelines are installed and shut down.
#[test]
fn a_total_is_delivered_once_by_whichever_observer_and_each_guard_counts_once() {
    const WORKERS: u64 = 3;
    const ROUNDS: u64 = 150;
    own_process!();
    let server = server();
    let done = AtomicBool::new(false);
    let observe_total = |worker: u64, total: &Arc<AtomicU64>| {
        let total = Arc::clone(total);
        let observer = observe(format!("observers.once.{worker}")).kind(Kind::Counter);
        let observer = observer.callback(move |o| o.record(total.load(SeqCst), ()));
        observer.unwrap()
    };
    thread::scope(|scope| {
        let pipelines = scope.spawn(|| {
            while !done.load(SeqCst) {
                let metrics = to(&server).install().unwrap();
                metrics.flush(AMPLE).unwrap();
                metrics.flush(AMPLE).unwrap();
                metrics.shutdown(AMPLE).unwrap();
            }
        });
        let workers = (0..WORKERS).map(|worker| {
            scope.spawn(move || {
                let total = Arc::new(AtomicU64::new(0));
                for round in 0..ROUNDS {
                    let observer = observe_total(worker, &total);
                    let timer = timer!("observers.once.timer");
                    let busy = in_flight_guard!("observers.once.busy");
                    total.fetch_add(round, SeqCst);
                    thread::yield_now();
                    match round % 4 {
                        0 => drop((observer, timer, busy)),
                        1 => drop((busy, observer, timer.stop())),
                        2 => thread::spawn(move || drop((timer, observer, busy)))
                            .join()
                            .unwrap(),
                        _ => drop(catch_unwind(AssertUnwindSafe(move || {
                            let _held = (busy, timer, observer);
                            resume_unwind(Box::new("as intended"));
                        }))),
                    }
                }
                (observe_total(worker, &total), total)
            })
        });
        let workers: Vec<_> = workers.collect();
        let last = workers.into_iter().map(|worker| worker.join().unwrap());
        let last: Vec<_> = last.collect();
        done.store(true, SeqCst);
        pipelines.join().unwrap();
        let metrics = to(&server).install().unwrap();
        metrics.flush(AMPLE).unwrap();
        drop(last);
        metrics.shutdown(AMPLE).unwrap();
    });
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    let sum = (0..ROUNDS).sum::<u64>().to_string();
    for worker in 0..WORKERS {
        let total = server.counter_total(&format!("observers.once.{worker}"), &[]);
        assert_eq!(total.to_string(), sum, "{worker}");
    }
    let timers = server.series().into_iter();
    let timers = timers.filter(|series| series.metric == "observers.once.timer");
    assert_eq!(
        timers.map(|series| series.values).sum::<u64>(),
        WORKERS * ROUNDS
    );
    let busy = gauges(&server, "observers.once.busy", &[]);
    assert!(
        busy.iter().all(|level| (-0.1..3.1).contains(level)),
        "{busy:?}"
    );
    assert!(
        busy.last().is_none_or(|level| level.abs() < 0.1),
        "{busy:?}"
    );
}
