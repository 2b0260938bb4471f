//! Instruments that are created at run time, over real HTTP.

use std::hint::black_box;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::common::export::{gauges, payloads};
use crate::common::{AMPLE, server, to};
use dt_metrics::instrument::{BuildError, Counter, Gauge, Histogram, UpDownCounter};
use dt_metrics::testing::capture_all_async;
use dt_metrics::{count, gauge, in_flight_guard, record};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;

/// The sum of all that came for a counter.
fn delivered(server: &Server, key: &str) -> u64 {
    let payloads = payloads(server, key).into_iter();
    let deltas = payloads.map(|payload| match payload {
        Payload::Count { delta } => delta,
        other => panic!("{other:?}"),
    });
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers"
    )]
    deltas.map(|delta| delta as u64).sum()
}

#[test]
fn all_kinds_are_delivered_together_with_annotations() {
    own_process!();
    // Before the installation, by a handle that is gone by then.
    let hits = || Counter::builder("run_time.hits").dimension("cache", "users");
    hits().build().unwrap().add(1);
    let server = server();
    let metrics = to(&server).install().unwrap();
    let hits = hits().build().unwrap();
    hits.add(2);
    count!("run_time.hits", 4, dims(cache = "users"));
    let sizes = Histogram::builder("run_time.sizes")
        .unit("By")
        .build()
        .unwrap();
    sizes.record(1);
    sizes.record(3);
    drop(sizes);
    let jobs = UpDownCounter::builder("run_time.jobs").build().unwrap();
    jobs.add(5);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(delivered(&server, "run_time.hits"), 7);
    jobs.add(-2);
    hits.with([("shard", 3)]).unwrap().add(8);
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    assert_eq!(delivered(&server, "run_time.hits"), 15);
    let lines = server.lines();
    let bound = [("cache", "users"), ("shard", "3")];
    assert!(lines.iter().any(|line| line.has_dimensions(&bound)));
    assert_eq!(gauges(&server, "run_time.jobs", &[]), [5.0, 3.0]);
    let summary = Payload::Summary {
        min: 1.0,
        max: 3.0,
        sum: 4.0,
        count: 2,
    };
    assert_eq!(payloads(&server, "run_time.sizes"), [summary]);
}

#[test]
fn a_gauge_ends_with_its_last_handle_or_when_it_is_removed() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let depth = Gauge::builder("run_time.depth").build().unwrap();
    let values = |queue: &str| gauges(&server, "run_time.depth", &[("queue", queue)]);
    let flush = || metrics.flush(AMPLE).unwrap();
    let bind = |queue: &str| depth.with([("queue", queue)]).unwrap();
    let (stays, dropped, clone, removed) = (
        bind("stays"),
        bind("dropped"),
        bind("clone"),
        bind("removed"),
    );
    for handle in [&stays, &dropped, &clone, &removed] {
        handle.set(1);
    }
    let other = clone.clone();
    flush();
    drop((dropped, clone));
    // Removed with its pending value.
    removed.set(2);
    depth.remove([("queue", "removed")]);
    depth.remove([("queue", "never was")]);
    // Set and dropped between two pushes: pushed once.
    bind("brief").set(3);
    flush();
    flush();
    assert_eq!(values("stays"), [1.0, 1.0, 1.0]);
    assert_eq!(values("dropped"), [1.0]);
    assert_eq!(values("clone"), [1.0, 1.0, 1.0]);
    assert_eq!(values("removed"), [1.0]);
    assert_eq!(values("brief"), [3.0]);
    drop(other);
    removed.set(4);
    bind("brief").set(5);
    let again = bind("brief");
    flush();
    flush();
    assert_eq!(values("clone").len(), 3);
    assert_eq!(values("removed"), [1.0, 4.0, 4.0]);
    assert_eq!(values("brief"), [3.0, 5.0, 5.0]);
    stays.remove(());
    drop(again);
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(values("stays").len(), 5);
    assert_eq!(values("brief").len(), 3);
}

#[test]
fn the_expiry_of_gauges_and_of_levels_at_zero_ends_series_of_handles() {
    own_process!();
    let server = server();
    let expiry = Duration::from_nanos(1);
    let metrics = to(&server).gauge_expiry(expiry).install().unwrap();
    let depth = Gauge::builder("run_time.depth").build().unwrap();
    let bind = |queue| depth.with([("queue", queue)]).unwrap();
    let (once, again) = (bind("once"), bind("again"));
    let jobs = UpDownCounter::builder("run_time.jobs").build().unwrap();
    once.set(1);
    jobs.add(1);
    for round in 0..3 {
        again.set(round);
        metrics.flush(AMPLE).unwrap();
    }
    jobs.add(-1);
    for _ in 0..3 {
        metrics.flush(AMPLE).unwrap();
    }
    once.set(2);
    jobs.add(1);
    metrics.shutdown(AMPLE).unwrap();
    let values = |queue| gauges(&server, "run_time.depth", &[("queue", queue)]);
    assert_eq!(values("once"), [1.0, 2.0]);
    assert_eq!(values("again"), [0.0, 1.0, 2.0]);
    assert_eq!(
        gauges(&server, "run_time.jobs", &[]),
        [1.0, 1.0, 1.0, 0.0, 1.0]
    );
}

#[test]
fn a_level_goes_on_in_the_next_pipeline_and_when_it_is_bound_again() {
    own_process!();
    let server = server();
    let jobs = || UpDownCounter::builder("run_time.jobs").build().unwrap();
    let metrics = to(&server).install().unwrap();
    jobs().add(5);
    let busy = in_flight_guard!("run_time.busy");
    let of_a = || jobs().with([("queue", "a")]).unwrap();
    of_a().add(1);
    // Longer than an idle series lives.
    for _ in 0..8 {
        metrics.flush(AMPLE).unwrap();
    }
    of_a().add(2);
    metrics.shutdown(AMPLE).unwrap();
    // Between two pipelines.
    jobs().add(-1);
    let metrics = to(&server).install().unwrap();
    metrics.flush(AMPLE).unwrap();
    let values = |dims: &[(&str, &str)]| gauges(&server, "run_time.jobs", dims);
    assert_eq!(values(&[("queue", "a")])[7..], [1.0, 3.0, 3.0]);
    of_a().add(-3);
    jobs().add(-4);
    drop(busy);
    metrics.shutdown(AMPLE).unwrap();
    let lines = server.lines();
    let last = |key: &str, queue: bool| {
        let mut lines = lines.iter().rev();
        let line = lines.find(|line| {
            line.key == key && line.dimensions.iter().any(|(key, _)| key == "queue") == queue
        });
        line.map(|line| line.payload)
    };
    let zero = Some(Payload::Gauge { value: 0.0 });
    assert_eq!(last("run_time.jobs", false), zero);
    assert_eq!(last("run_time.jobs", true), zero);
    assert_eq!(last("run_time.busy", false), zero);
}

#[test]
fn a_gauge_of_an_annotation_does_not_end_with_a_handle_of_its_name() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    gauge!("run_time.level", 1, dims(of = "macro"));
    let level = Gauge::builder("run_time.level").dimension("of", "handle");
    level.build().unwrap().set(2);
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(
        gauges(&server, "run_time.level", &[("of", "macro")]),
        [1.0, 1.0]
    );
    assert_eq!(
        gauges(&server, "run_time.level", &[("of", "handle")]),
        [2.0]
    );
}

#[test]
fn a_capture_of_the_process_sees_all_while_a_pipeline_takes_it() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let work = || {
        count!("run_time.seen", 1, dims(id = black_box("a")));
        record!("run_time.seen.size", 3);
        gauge!("run_time.seen.depth", 4);
    };
    work();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let seen = runtime.block_on(capture_all_async(async {
        for _ in 0..6 {
            let tasks: Vec<_> = (0..50)
                .map(|_| tokio::spawn(async move { work() }))
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            // Series that are idle end, and values are taken out, meanwhile.
            for _ in 0..4 {
                metrics.flush(AMPLE).unwrap();
            }
        }
        thread::spawn(work).join().unwrap();
    }));
    assert_eq!(seen.counter("run_time.seen").with("id", "a").value(), 301);
    let sizes = seen.histogram("run_time.seen.size");
    assert_eq!((sizes.count(), sizes.min()), (301, Some(3.0)));
    assert_eq!(seen.gauge("run_time.seen.depth").values().len(), 301);
    let names = seen.iter().map(|series| series.name());
    assert_eq!(
        names
            .filter(|name| name.starts_with("run_time.seen"))
            .count(),
        3
    );
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(delivered(&server, "run_time.seen"), 302);
}

#[test]
fn names_that_vary_without_end_are_an_error_and_no_leak() {
    own_process!();
    let mut made = 0;
    let error = loop {
        match Gauge::builder(format!("run_time.endless.{made}")).build() {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, BuildError::TooMany), "{error}");
    assert_eq!(made, 10_000);
    assert!(
        Gauge::builder("run_time.endless.7").build().is_ok(),
        "it is known"
    );
}

const ROUNDS: u64 = 400;
const WORKERS: u64 = 4;

#[test]
fn handles_come_and_go_while_pipelines_do_and_nothing_is_lost_or_counted_twice() {
    own_process!();
    let server = server();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let pipelines = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let metrics = to(&server).install().unwrap();
                for _ in 0..4 {
                    metrics.flush(AMPLE).unwrap();
                }
                metrics.shutdown(AMPLE).unwrap();
            }
        });
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let base = Counter::builder("run_time.stress").build().unwrap();
                        let busy = UpDownCounter::builder("run_time.stress.busy")
                            .build()
                            .unwrap();
                        let bound = base.with([("n", (round + worker) % 5)]).unwrap();
                        busy.add(1);
                        base.add(1);
                        bound.add(1);
                        // Dropped in another order, on another thread, in a panic.
                        match round % 3 {
                            0 => drop(base),
                            1 => thread::spawn(move || {
                                bound.add(1);
                                drop((bound, base));
                            })
                            .join()
                            .unwrap(),
                            _ => drop(catch_unwind(move || {
                                base.add(1);
                                let _bound = bound;
                                panic!("as intended");
                            })),
                        }
                        busy.add(-1);
                        thread::yield_now();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        pipelines.join().unwrap();
    });
    let metrics = to(&server).install().unwrap();
    metrics.shutdown(AMPLE).unwrap();
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    let extra = (0..ROUNDS).filter(|round| round % 3 != 0).count() as u64;
    assert_eq!(
        delivered(&server, "run_time.stress"),
        WORKERS * (2 * ROUNDS + extra)
    );
    let busy: f64 = gauges(&server, "run_time.stress.busy", &[])
        .last()
        .copied()
        .unwrap();
    assert!(busy.abs() < 0.5, "{busy}");
}
