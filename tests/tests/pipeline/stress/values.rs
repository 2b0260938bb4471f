//! Values of threads that record without pause: each is delivered once, in its own series.

use std::collections::BTreeMap;
use std::thread;

use crate::common::{AMPLE, server, to};
use dt_metrics::{measured, record};
use dt_metrics_local::protocol::Payload;

/// How many threads record.
const THREADS: u32 = 3;

/// More than fits into the buffer of a thread, several times.
const VALUES: u32 = 60_000;

#[measured(name = "values.call", dims(tier = tier))]
fn call(tier: &str) {
    let _ = tier;
}

/// The series of a value, and the value. Half of the series end early, and their slots are used again.
fn value(thread: u32, number: u32) -> (u32, u32) {
    let series = match number % 4 {
        0 => 0,
        1 => 1 + thread,
        2 => 10 + number % 3,
        _ => 100 + number / 10_000,
    };
    (series, number + thread)
}

#[derive(Debug, PartialEq)]
struct Summary {
    min: f64,
    max: f64,
    sum: f64,
    count: u64,
}

impl Summary {
    fn add(this: &mut BTreeMap<String, Self>, series: String, other: &Self) {
        let none = Self {
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
            count: 0,
        };
        let all = this.entry(series).or_insert(none);
        all.min = all.min.min(other.min);
        all.max = all.max.max(other.max);
        all.sum += other.sum;
        all.count += other.count;
    }
}

#[test]
fn each_value_of_busy_threads_is_in_the_summary_of_its_series_once() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    // A collection ends the bindings.
    let rounds = 4;
    for round in 0..rounds {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || {
                    for number in (0..VALUES).filter(|number| number % rounds == round) {
                        let (series, value) = value(thread, number / rounds * 7 + round);
                        record!("values.size", value, dims(series = series));
                        call(["gold", "silver"][(number / 100 % 2) as usize]);
                    }
                });
            }
        });
        metrics.flush(AMPLE).unwrap();
    }
    let mut expected = BTreeMap::new();
    for number in 0..VALUES {
        for thread in 0..THREADS {
            let (series, value) = value(thread, number / rounds * 7 + number % rounds);
            let value = f64::from(value);
            let summary = Summary {
                min: value,
                max: value,
                sum: value,
                count: 1,
            };
            Summary::add(&mut expected, series.to_string(), &summary);
        }
    }
    let (mut delivered, mut calls, mut durations) = (BTreeMap::new(), 0.0, 0);
    for line in server.lines() {
        match line.payload {
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } if line.key == "values.size" => {
                let series = line.dimension("series").unwrap_or_default().to_owned();
                let summary = Summary {
                    min,
                    max,
                    sum,
                    count,
                };
                Summary::add(&mut delivered, series, &summary);
            }
            Payload::Summary { count, .. } if line.key == "values.call.duration" => {
                durations += count;
            }
            Payload::Count { delta } if line.key == "values.call.calls" => calls += delta,
            _ => {}
        }
    }
    assert_eq!(delivered, expected);
    assert_eq!(durations, u64::from(THREADS * VALUES));
    assert_eq!(calls, f64::from(THREADS * VALUES));
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(metrics.health().points_dropped, 0);
}
