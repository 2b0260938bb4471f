//! `#[observed]` functions of each kind and type, over real HTTP and with several readers.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::common::sums::Sums;
use crate::common::{AMPLE, NEVER, server, to};
use dt_metrics::{Kind, catalog, counted, observed};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, Stream, Temporality};

/// The values that the functions of each type return.
static U64: AtomicU64 = AtomicU64::new(0);
static I64: AtomicI64 = AtomicI64::new(0);
static F64: AtomicU64 = AtomicU64::new(0);

fn say(u64: u64, i64: i64, f64: f64) {
    U64.store(u64, SeqCst);
    I64.store(i64, SeqCst);
    F64.store(f64.to_bits(), SeqCst);
}

macro_rules! observe {
    ($($function:ident: $type:ty = $value:expr, $kind:ident, $name:literal;)*) => {$(
        #[observed(name = $name, kind = $kind, unit = "1", dims(literal = 1))]
        fn $function() -> $type {
            $value
        }
    )*};
}

observe! {
    gauge_u64: u64 = U64.load(SeqCst), gauge, "observed.gauge.u64";
    gauge_i64: i64 = I64.load(SeqCst), gauge, "observed.gauge.i64";
    gauge_f64: f64 = f64::from_bits(F64.load(SeqCst)), gauge, "observed.gauge.f64";
    counter_u64: u64 = U64.load(SeqCst), counter, "observed.counter.u64";
    counter_i64: i64 = I64.load(SeqCst), counter, "observed.counter.i64";
    counter_f64: f64 = f64::from_bits(F64.load(SeqCst)), counter, "observed.counter.f64";
    up_down_u64: u64 = U64.load(SeqCst), up_down_counter, "observed.up_down_counter.u64";
    up_down_i64: i64 = I64.load(SeqCst), up_down_counter, "observed.up_down_counter.i64";
    up_down_f64: f64 = f64::from_bits(F64.load(SeqCst)), up_down_counter, "observed.up_down_counter.f64";
}

/// The numbers of the lines of one series, oldest first.
fn numbers(server: &Server, key: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    let lines = server.lines().into_iter();
    lines
        .filter(|line| line.key == key && line.has_dimensions(dimensions))
        .map(|line| match line.payload {
            Payload::Gauge { value } => value,
            Payload::Count { delta } => delta,
            _ => f64::NAN,
        })
        .collect()
}

#[test]
fn every_kind_of_every_type_delivers_the_value_of_the_function() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for (u64, i64, f64) in [
        (3, 5, 0.5),
        (3, 5, 0.5),
        (10, 7, 2.75),
        // Begun again.
        (4, 2, 0.25),
        // Values that are invalid for a counter; the last one is invalid for all metrics.
        (5, -6, f64::NAN),
        (6, 3, 1.0),
    ] {
        say(u64, i64, f64);
        metrics.flush(AMPLE).unwrap();
    }
    let health = metrics.health();
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    for (key, expected) in [
        ("gauge.u64", &[3.0, 3.0, 10.0, 4.0, 5.0, 6.0, 6.0][..]),
        ("gauge.i64", &[5.0, 5.0, 7.0, 2.0, -6.0, 3.0, 3.0]),
        ("gauge.f64", &[0.5, 0.5, 2.75, 0.25, 1.0, 1.0]),
        ("counter.u64", &[3.0, 7.0, 4.0, 1.0, 1.0]),
        ("counter.i64", &[5.0, 2.0, 2.0, 1.0]),
        ("counter.f64", &[0.5, 2.25, 0.25, 0.75]),
        ("up_down_counter.u64", &[3.0, 3.0, 10.0, 4.0, 5.0, 6.0, 6.0]),
        ("up_down_counter.i64", &[5.0, 5.0, 7.0, 2.0, -6.0, 3.0, 3.0]),
        // Sums stay when no value is returned.
        (
            "up_down_counter.f64",
            &[0.5, 0.5, 2.75, 0.25, 0.25, 1.0, 1.0],
        ),
    ] {
        assert_eq!(
            numbers(&server, &format!("observed.{key}"), &[("literal", "1")]),
            expected,
            "{key}"
        );
    }
    assert_eq!(health.dropped["not_finite"], 3);
    assert_eq!(health.dropped["negative"], 1);
}

observe! {
    any_u8: u8 = 200, gauge, "observed.any.u8";
    any_usize: usize = usize::MAX, counter, "observed.any.usize";
    any_u128: u128 = u128::MAX, counter, "observed.any.u128";
    any_i8: i8 = -100, up_down_counter, "observed.any.i8";
    any_isize: isize = -7, gauge, "observed.any.isize";
    any_i128: i128 = i128::MIN, up_down_counter, "observed.any.i128";
    any_f32: f32 = 0.25, counter, "observed.any.f32";
    any_some: Option<f32> = "-0.5".parse().ok(), up_down_counter, "observed.any.some";
    any_none: Option<i16> = None, counter, "observed.any.none";
    sometimes: Option<u64> = Some(U64.load(SeqCst)).filter(|&now| now != 0), gauge, "observed.any.sometimes";
}

#[test]
fn numbers_of_every_type_are_delivered_and_none_has_no_value() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for now in [3, 0, 5] {
        say(now, 0, 0.0);
        metrics.flush(AMPLE).unwrap();
    }
    say(0, 0, 0.0);
    let health = metrics.health();
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    for (key, first) in [
        ("u8", 200.0),
        ("usize", 2_f64.powi(64)),
        ("u128", 2_f64.powi(64)),
        ("i8", -100.0),
        ("isize", -7.0),
        ("i128", -(2_f64.powi(63))),
        ("f32", 0.25),
        ("some", -0.5),
    ] {
        let numbers = numbers(&server, &format!("observed.any.{key}"), &[]);
        assert_eq!(numbers.first(), Some(&first), "{key}");
    }
    assert!(numbers(&server, "observed.any.none", &[]).is_empty());
    assert_eq!(numbers(&server, "observed.any.sometimes", &[]), [3.0, 5.0]);
    for reason in ["not_finite", "negative", "observed_panic"] {
        assert!(!health.dropped.contains_key(reason), "{health:?}");
    }
}

static TOTAL: AtomicU64 = AtomicU64::new(0);

#[observed(name = "observed.total", kind = counter)]
fn total() -> u64 {
    TOTAL.load(SeqCst)
}

#[observed(name = "observed.level", kind = up_down_counter)]
fn level() -> u64 {
    TOTAL.load(SeqCst)
}

#[test]
fn a_total_continues_over_installs_and_a_level_is_sent_to_each() {
    own_process!();
    let (first, second) = (server(), server());
    TOTAL.store(5, SeqCst);
    drop(to(&first).install().unwrap());
    TOTAL.store(7, SeqCst);
    drop(to(&second).install().unwrap());
    assert_eq!(numbers(&first, "observed.total", &[]), [5.0]);
    assert_eq!(numbers(&second, "observed.total", &[]), [2.0]);
    assert_eq!(numbers(&first, "observed.level", &[]), [5.0]);
    assert_eq!(numbers(&second, "observed.level", &[]), [7.0]);
}

static REGION: Mutex<&str> = Mutex::new("eu");

fn region() -> String {
    REGION
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .to_string()
}

fn paid() -> Option<bool> {
    (region() == "eu").then_some(true)
}

static MOVING: AtomicU64 = AtomicU64::new(0);

macro_rules! moving {
    ($($kind:ident: $name:literal;)*) => {$(
        #[observed(name = $name, kind = $kind, dims(region = region(), paid = paid()))]
        fn $kind() -> u64 {
            MOVING.load(SeqCst)
        }
    )*};
}

moving! {
    gauge: "observed.moving.gauge";
    counter: "observed.moving.counter";
    up_down_counter: "observed.moving.up_down_counter";
}

#[test]
fn dimensions_are_evaluated_at_each_poll() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    MOVING.store(10, SeqCst);
    metrics.flush(AMPLE).unwrap();
    *REGION.lock().unwrap() = "us";
    metrics.flush(AMPLE).unwrap();
    let of = |kind: &str, dimensions: &[(&str, &str)]| {
        numbers(&server, &format!("observed.moving.{kind}"), dimensions)
    };
    let (eu, us) = ([("region", "eu"), ("paid", "true")], [("region", "us")]);
    assert_eq!(of("gauge", &eu), [10.0]);
    assert_eq!(of("gauge", &us), [10.0]);
    // The amount was added while the series existed.
    assert_eq!(of("counter", &eu), [10.0]);
    assert!(of("counter", &us).is_empty());
    assert_eq!(of("up_down_counter", &eu), [10.0, 0.0]);
    assert_eq!(of("up_down_counter", &us), [10.0]);
    metrics.shutdown(AMPLE).unwrap();
}

static ASKED: AtomicU64 = AtomicU64::new(0);

#[observed(name = "observed.asked", kind = counter)]
fn asked() -> u64 {
    assert_eq!(thread::current().name(), Some("dt-metrics-observed"));
    calls();
    ASKED.fetch_add(1, SeqCst) + 1
}

#[counted(name = "observed.asked.calls")]
fn calls() {}

#[test]
fn each_reader_polls_once_per_collection() {
    own_process!();
    let asked_before = ASKED.load(SeqCst);
    let (delta, cumulative) = (
        Sums::new(Temporality::Delta),
        Sums::new(Temporality::default()),
    );
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(delta.clone())
        .exporter(cumulative.clone())
        .push_interval(NEVER)
        .install()
        .unwrap();
    assert_eq!(ASKED.load(SeqCst), asked_before);
    for collections in 1..=10 {
        metrics.flush(AMPLE).unwrap();
        assert_eq!(ASKED.load(SeqCst), asked_before + 2 * collections);
    }
    metrics.shutdown(AMPLE).unwrap();
    let asked = (ASKED.load(SeqCst) - asked_before) as f64;
    assert_eq!(asked, 22.0);
    // The reader that polls last has seen all values; the other reader all except one.
    let totals = [
        delta.of("observed.asked").iter().sum(),
        *cumulative.of("observed.asked").last().unwrap(),
    ];
    assert!(
        totals
            .iter()
            .all(|total| [asked, asked - 1.0].contains(total)),
        "{totals:?}"
    );
    assert!(totals.contains(&asked), "{totals:?}");
    assert!(delta.of("observed.asked").iter().all(|added| *added > 0.0));
}

#[test]
fn readers_at_the_same_time_never_set_a_sum_back() {
    own_process!();
    let exporters: Vec<_> = (0..4).map(|_| Sums::new(Temporality::Delta)).collect();
    let mut builder = dt_metrics::builder()
        .no_exporter()
        .push_interval(Duration::from_millis(1));
    for exporter in &exporters {
        builder = builder.exporter(exporter.clone());
    }
    let asked_before = ASKED.load(SeqCst);
    let metrics = builder.install().unwrap();
    while ASKED.load(SeqCst) < asked_before + 1_000 {
        thread::yield_now();
    }
    metrics.shutdown(AMPLE).unwrap();
    let asked = (ASKED.load(SeqCst) - asked_before) as f64;
    let totals = exporters.iter().map(|exporter| {
        let added = exporter.of("observed.asked");
        assert!(added.iter().all(|added| *added > 0.0), "{added:?}");
        added.iter().sum::<f64>()
    });
    // The reader that polls last has seen all values, and no reader more.
    assert_eq!(totals.fold(0.0, f64::max), asked);
}

#[test]
fn functions_are_polled_even_if_a_view_drops_the_callback() {
    own_process!();
    let asked_before = ASKED.load(SeqCst);
    let seen = Sums::new(Temporality::default());
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(seen.clone())
        .push_interval(NEVER)
        .configure_provider(|provider| {
            provider.with_view(|instrument: &Instrument| {
                let dropped = Stream::builder().with_aggregation(Aggregation::Drop);
                let is_ours = instrument.name().starts_with("dt_metrics.");
                is_ours.then(|| dropped.build().ok()).flatten()
            })
        })
        .install()
        .unwrap();
    metrics.flush(AMPLE).unwrap();
    assert_eq!(ASKED.load(SeqCst), asked_before + 1);
    assert_eq!(seen.of("observed.asked"), [1.0]);
    metrics.shutdown(AMPLE).unwrap();
}

#[observed(name = "observed.shared", kind = counter)]
fn fraction() -> f64 {
    f64::from_bits(FRACTION.load(SeqCst))
}

static FRACTION: AtomicU64 = AtomicU64::new(0);

#[counted(name = "Observed.Shared")]
fn shared() {}

#[observed(name = "observed.conflict", kind = counter)]
fn conflict() -> u64 {
    CONFLICT.load(SeqCst)
}

static CONFLICT: AtomicU64 = AtomicU64::new(0);

#[counted(name = "observed.conflict", unit = "By")]
fn also_named() {}

#[observed(name = "observed.conflict", kind = gauge)]
fn other_kind() -> u64 {
    1
}

#[test]
fn a_name_is_one_metric_also_for_functions() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    FRACTION.store(0.5_f64.to_bits(), SeqCst);
    CONFLICT.store(1, SeqCst);
    shared();
    shared();
    also_named();
    metrics.flush(AMPLE).unwrap();
    assert_eq!(metrics.health().dropped["conflicting_definition"], 1);
    metrics.shutdown(AMPLE).unwrap();
    let key = &server
        .lines()
        .into_iter()
        .find(|line| line.key.eq_ignore_ascii_case("observed.shared"));
    let key = &key.as_ref().unwrap().key;
    assert_eq!(server.counter_total(key, &[]), 2.5);
    assert_eq!(server.counter_total("observed.conflict", &[]), 2.0);
}

#[test]
fn the_catalogue_has_them() {
    let catalog = catalog();
    let named = catalog
        .iter()
        .find(|descriptor| descriptor.name == "observed.moving.up_down_counter");
    let named = named.unwrap();
    assert_eq!(named.kind, Kind::UpDownCounter);
    assert_eq!(named.dimension_keys, ["region", "paid"]);
    assert_eq!(named.module_path, "annotations::observed");
}
