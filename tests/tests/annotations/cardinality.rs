//! Series that come and go: bounded, and never at the price of a count.

use crate::common::{AMPLE, server, to};
use dt_metrics::{counted, timed};

#[counted(name = "cardinality.million", dims(id = id))]
fn million(id: u64) {
    let _ = id;
}

#[counted(name = "cardinality.wave", cardinality_limit = 10, dims(wave = wave, id = id))]
fn wave(wave: u64, id: u64) {
    let _ = (wave, id);
}

#[timed(name = "cardinality.timed", unit = "ms", cardinality_limit = 10, dims(id = id))]
fn timed_by(id: u64, during: impl FnOnce()) {
    let _ = id;
    during();
}

/// The number of lines of a metric with this overflow mark.
fn lines(server: &dt_metrics_local::Server, key: &str, overflow: bool) -> usize {
    let lines = server.lines();
    let of_key = lines.iter().filter(|line| line.key == key);
    let marked = |line: &&dt_metrics_local::Line| {
        (line.dimension("otel.metric.overflow") == Some("true")) == overflow
    };
    of_key.filter(marked).count()
}

#[test]
fn a_million_combinations_are_bounded_and_their_total_is_exact() {
    const COMBINATIONS: u64 = 1_000_000;
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    std::thread::scope(|scope| {
        for quarter in 0..4 {
            scope.spawn(move || {
                (0..COMBINATIONS / 4).for_each(|i| million(i * 4 + quarter));
            });
        }
    });
    metrics.flush(AMPLE).unwrap();
    assert_eq!(
        server.counter_total("cardinality.million", &[]),
        COMBINATIONS as f64
    );
    let overflow = [("otel.metric.overflow", "true")];
    let beyond = server.counter_total("cardinality.million", &overflow);
    assert_eq!(beyond, (COMBINATIONS - 2_000) as f64);
    assert_eq!(lines(&server, "cardinality.million", false), 2_000);

    // They stop: their places are given back, and a new combination has a series of its own.
    for _ in 0..10 {
        metrics.flush(AMPLE).unwrap();
    }
    million(u64::MAX);
    metrics.flush(AMPLE).unwrap();
    let id = u64::MAX.to_string();
    assert_eq!(
        server.counter_total("cardinality.million", &[("id", &id)]),
        1.0
    );
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn each_wave_of_combinations_finds_room_and_old_ones_come_back() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for round in 0..5 {
        for id in 0..10 {
            wave(round, id);
            // One that never stops.
            wave(99, 0);
        }
        for _ in 0..6 {
            wave(99, 0);
            metrics.flush(AMPLE).unwrap();
        }
    }
    // The series that stays takes the place of the tenth of each wave.
    let overflow = [("otel.metric.overflow", "true")];
    assert_eq!(server.counter_total("cardinality.wave", &overflow), 5.0);
    assert_eq!(
        server.counter_total("cardinality.wave", &[("wave", "99")]),
        80.0
    );
    assert_eq!(server.counter_total("cardinality.wave", &[]), 130.0);
    wave(0, 0);
    metrics.shutdown(AMPLE).unwrap();
    let again = [("wave", "0"), ("id", "0")];
    assert_eq!(server.counter_total("cardinality.wave", &again), 2.0);
}

#[test]
fn a_timer_keeps_its_series_while_it_runs() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    timed_by(1, || {
        // Idle for long, but not over: its place is not given to another.
        for id in 100..130 {
            timed_by(id, || ());
            metrics.flush(AMPLE).unwrap();
        }
    });
    metrics.shutdown(AMPLE).unwrap();
    let summaries = server.lines();
    let count = |id: &str| {
        let of_id = |line: &&dt_metrics_local::Line| {
            line.key == "cardinality.timed" && line.dimension("id") == Some(id)
        };
        summaries.iter().filter(of_id).count()
    };
    assert_eq!(count("1"), 1);
    assert_eq!(
        (100..130).map(|id| count(&id.to_string())).sum::<usize>(),
        30
    );
    assert_eq!(lines(&server, "cardinality.timed", true), 0);
}
