//! Sums at the ends of their ranges: the end is sent, and reported, and nothing else is lost.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::export::{gauges, payloads};
use crate::common::sums::Sums;
use crate::common::{AMPLE, NEVER, server, to};
use dt_metrics::dynatrace::DeliveryEvent;
use dt_metrics::{Builder, DimensionValue, count, counted, observed, record, up_down_counter};
use dt_metrics_local::Server;
use dt_metrics_local::otlp::Data;
use dt_metrics_local::protocol::Payload;
use opentelemetry_sdk::metrics::Temporality;

/// The greatest sum of a counter, as the wire has it.
const MAX: f64 = u64::MAX as f64;

#[derive(Clone, Copy, DimensionValue)]
enum Region {
    Eu,
    Us,
}

#[counted(name = "sums.by", by = amount)]
fn by(amount: u64) {}

#[counted(name = "sums.by_usize", by = amount, outcome)]
fn by_usize(amount: usize) -> Result<(), ()> {
    Err(())
}

fn add(amount: u64) {
    count!("sums.added", amount);
    count!("sums.by_region", amount, dims(region = Region::Eu));
    count!("sums.by_text", amount, dims(id = black_box("a")));
    count!("sums.by_u128", u128::from(amount));
    by(amount);
    by_usize(usize::try_from(amount).unwrap()).unwrap_err();
}

const COUNTERS: [&str; 6] = [
    "sums.added",
    "sums.by_region",
    "sums.by_text",
    "sums.by_u128",
    "sums.by",
    "sums.by_usize",
];

/// The deltas of the lines of a key.
fn deltas(server: &Server, key: &str) -> Vec<f64> {
    let payloads = payloads(server, key).into_iter();
    payloads
        .map(|payload| match payload {
            Payload::Count { delta } => delta,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Installs metrics, and keeps the metrics of all events about sums.
fn watched(builder: Builder) -> (dt_metrics::Handle, Arc<Mutex<Vec<String>>>) {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = told.clone();
    let metrics = builder
        .on_delivery_event(move |event| {
            if let DeliveryEvent::SumSaturated { metric, .. } = event {
                listener.lock().unwrap().extend(metric.clone());
            }
        })
        .install()
        .unwrap();
    (metrics, told)
}

#[test]
fn a_delta_beyond_its_range_is_the_end_of_the_range() {
    own_process!();
    let server = server();
    let (metrics, told) = watched(to(&server));
    let within = |amounts: &[u64]| {
        amounts.iter().copied().for_each(add);
        metrics.flush(AMPLE).unwrap();
    };
    within(&[u64::MAX, u64::MAX]);
    assert_eq!(metrics.health().altered.get("saturated"), Some(&6));
    // It fits, and comes after a delta that did not.
    within(&[u64::MAX]);
    within(&[7]);
    within(&[u64::MAX - 5, 1, 9]);
    within(&[1 << 63, 3, (1 << 63) - 4]);
    for key in COUNTERS {
        assert_eq!(deltas(&server, key), [MAX, MAX, 7.0, MAX, MAX], "{key}");
    }
    assert_eq!(metrics.health().altered.get("saturated"), Some(&12));
    metrics.shutdown(AMPLE).unwrap();
    let mut told = told.lock().unwrap().clone();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 6, "{told:?}");
}

#[test]
fn threads_exceed_a_range_together() {
    own_process!();
    let server = server();
    let (metrics, _) = watched(to(&server));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| add(u64::MAX / 4 + 1));
        }
    });
    // One of the threads went on with the cells of another.
    add(u64::MAX - 1);
    metrics.flush(AMPLE).unwrap();
    add(1);
    metrics.shutdown(AMPLE).unwrap();
    for key in COUNTERS {
        assert_eq!(deltas(&server, key), [MAX, 1.0], "{key}");
    }
}

#[test]
fn instruments_with_one_name_exceed_a_range_together() {
    own_process!();
    let server = server();
    let (metrics, told) = watched(to(&server));
    let half = black_box(u64::MAX / 2 + 1);
    count!("sums.shared", half, dims(region = Region::Us));
    count!("sums.shared", half, dims(region = "us"));
    count!("sums.shared", half, dims(region = "other"));
    metrics.shutdown(AMPLE).unwrap();
    let mut deltas = deltas(&server, "sums.shared");
    deltas.sort_by(f64::total_cmp);
    assert_eq!(deltas, [half as f64, MAX]);
    assert_eq!(*told.lock().unwrap(), ["sums.shared"]);
}

#[test]
fn a_total_beyond_its_range_stays_at_the_end() {
    own_process!();
    let cumulative = Sums::new(Temporality::Cumulative);
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(cumulative.clone())
        .push_interval(NEVER)
        .install()
        .unwrap();
    for amount in [u64::MAX - 10, 4, 20, u64::MAX, 1] {
        add(amount);
        metrics.flush(AMPLE).unwrap();
    }
    assert_eq!(metrics.health().altered.get("saturated"), Some(&18));
    metrics.shutdown(AMPLE).unwrap();
    for key in COUNTERS {
        let totals = cumulative.of(key);
        assert!(totals.is_sorted(), "{key}: {totals:?}");
        assert_eq!(totals.last(), Some(&MAX), "{key}");
    }
}

#[test]
fn a_level_beyond_its_range_is_the_end_of_the_range_and_comes_back() {
    own_process!();
    let server = server();
    let (metrics, told) = watched(to(&server));
    let change = |amount: i64| {
        up_down_counter!("sums.level", amount);
        up_down_counter!("sums.level_by", amount, dims(id = black_box("a")));
        up_down_counter!("sums.level_i128", i128::from(amount), dims(r = Region::Us));
    };
    change(i64::MAX);
    change(i64::MAX);
    metrics.flush(AMPLE).unwrap();
    change(-i64::MAX);
    metrics.flush(AMPLE).unwrap();
    (0..3).for_each(|_| change(i64::MIN));
    metrics.flush(AMPLE).unwrap();
    (0..2).for_each(|_| change(i64::MAX));
    change(3);
    metrics.shutdown(AMPLE).unwrap();
    let (min, max) = (i64::MIN as f64, i64::MAX as f64);
    for key in ["sums.level", "sums.level_by", "sums.level_i128"] {
        let lines = gauges(&server, key, &[]);
        assert_eq!(lines, [max, max, min, 0.0], "{key}");
    }
    let told = told.lock().unwrap();
    for key in ["sums.level", "sums.level_by", "sums.level_i128"] {
        assert!(told.iter().any(|metric| metric == key), "{told:?}");
    }
}

/// Other tests of this program see no value.
static IS_OBSERVED: AtomicBool = AtomicBool::new(false);

#[observed(name = "sums.observed", kind = counter)]
fn observed_total() -> Option<u64> {
    IS_OBSERVED.load(Relaxed).then_some(u64::MAX - 3)
}

#[observed(name = "sums.observed_level", kind = up_down_counter)]
fn observed_level() -> Option<i64> {
    static NEXT: Mutex<bool> = Mutex::new(false);
    if !IS_OBSERVED.load(Relaxed) {
        return None;
    }
    let mut next = NEXT.lock().unwrap();
    *next = !*next;
    Some(if *next { i64::MAX } else { i64::MIN })
}

#[test]
fn observed_sums_share_their_series_with_counts() {
    own_process!();
    IS_OBSERVED.store(true, Relaxed);
    let server = server();
    let (metrics, told) = watched(to(&server));
    count!("sums.observed", black_box(9_u64));
    metrics.flush(AMPLE).unwrap();
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(deltas(&server, "sums.observed"), [MAX]);
    let (min, max) = (i64::MIN as f64, i64::MAX as f64);
    assert_eq!(gauges(&server, "sums.observed_level", &[]), [max, min, max]);
    assert_eq!(*told.lock().unwrap(), ["sums.observed"]);
}

#[test]
fn a_capture_sees_the_end_of_the_range() {
    let seen = dt_metrics::testing::capture(|| {
        add(u64::MAX);
        add(u64::MAX);
        up_down_counter!("sums.captured", black_box(i64::MIN));
        up_down_counter!("sums.captured", black_box(-1));
    });
    for key in COUNTERS {
        assert_eq!(seen.counter(key).value(), u64::MAX, "{key}");
    }
    assert_eq!(seen.up_down_counter("sums.captured").value(), i64::MIN);
}

/// The summaries of the lines of a key: minimum, maximum, sum and count.
fn summaries(server: &Server, key: &str) -> Vec<(f64, f64, f64, u64)> {
    let payloads = payloads(server, key).into_iter();
    payloads
        .map(|payload| match payload {
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } => (min, max, sum, count),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn record() {
    for value in [1e308, 1e308] {
        record!("sums.recorded", value);
    }
    for value in [-1.5e308, 2.0, -1.7e308] {
        record!("sums.negative", value, dims(id = 7));
    }
    for value in [1.0, 2.0] {
        record!("sums.small", value);
    }
}

#[test]
fn an_infinite_sum_of_values_keeps_their_count_and_range() {
    own_process!();
    let server = server();
    let (metrics, told) = watched(to(&server));
    record();
    metrics.flush(AMPLE).unwrap();
    let one = (1e308, 1e308, 1e308, 1);
    assert_eq!(summaries(&server, "sums.recorded"), [one, one]);
    let negative = (-1.7e308, 2.0, f64::MIN, 3);
    assert_eq!(summaries(&server, "sums.negative"), [negative]);
    assert_eq!(summaries(&server, "sums.small"), [(1.0, 2.0, 3.0, 2)]);
    let health = metrics.health();
    assert_eq!(health.altered.get("saturated"), Some(&2));
    assert_eq!((health.points_dropped, health.points_rejected), (0, 0));
    // The next sum is exact.
    record!("sums.recorded", 5);
    metrics.shutdown(AMPLE).unwrap();
    let next = (5.0, 5.0, 5.0, 1);
    assert_eq!(summaries(&server, "sums.recorded"), [one, one, next]);
    let mut told = told.lock().unwrap().clone();
    told.sort();
    assert_eq!(told, ["sums.negative", "sums.recorded"]);
}

#[test]
fn an_infinite_sum_of_values_arrives_over_otlp() {
    own_process!();
    let server = server();
    let (metrics, told) = watched(to(&server).otlp());
    record();
    metrics.flush(AMPLE).unwrap();
    let points: Vec<_> = server
        .otlp_points()
        .into_iter()
        .filter(|point| point.metric.name == "sums.recorded")
        .map(|point| match point.data {
            Data::Histogram {
                count,
                sum,
                min,
                max,
                bucket_counts,
                ..
            } => (count, sum, min, max, bucket_counts.iter().sum::<u64>()),
            other => panic!("{other:?}"),
        })
        .collect();
    let one = (1, 1e308, Some(1e308), Some(1e308), 1);
    assert_eq!(points, [one, one], "{:?}", server.rejected());
    assert_eq!(
        summaries(&server, "sums.negative"),
        [(-1.7e308, 2.0, f64::MIN, 3)]
    );
    let health = metrics.health();
    assert_eq!(health.altered.get("saturated"), Some(&2));
    assert_eq!((health.points_dropped, health.points_rejected), (0, 0));
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(told.lock().unwrap().len(), 2);
}
