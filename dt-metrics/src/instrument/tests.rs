use std::sync::Barrier;
use std::thread;

use super::local;
use super::{Counter, DimensionedCounter, Value};
use crate::descriptor::{Descriptor, Kind};

/// What the series of `descriptor` hold in all, by a walk that leaves the drain's memory alone.
fn total(descriptor: &'static Descriptor) -> Vec<(String, u64)> {
    let mut series = Vec::new();
    local::for_each_value(|s, value| {
        if core::ptr::eq(s.descriptor, descriptor) {
            series.push((format!("{:?}", s.dimensions), value));
        }
    });
    series
}

macro_rules! descriptor {
    ($name:ident, $($key:literal),*) => {
        static $name: Descriptor =
            Descriptor::new(Kind::Counter, stringify!($name), module_path!(), file!(), line!())
                .with_dimension_keys(&[$($key),*]);
    };
}

#[test]
fn a_counter_counts_on_every_thread() {
    descriptor!(THREADS, "region");
    static COUNTER: Counter = Counter::new(&THREADS, &[Value::Str("eu")]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    COUNTER.add(1);
                }
            });
        }
    });
    COUNTER.add(5);
    assert_eq!(
        total(&THREADS),
        [(r#"[("region", Str("eu"))]"#.to_owned(), 8_005)]
    );
}

#[test]
fn a_thread_that_counts_while_its_storage_goes_is_counted() {
    descriptor!(LATE,);
    static COUNTER: Counter = Counter::new(&LATE, &[]);
    struct CountsOnExit;
    impl Drop for CountsOnExit {
        fn drop(&mut self) {
            COUNTER.add(1);
        }
    }
    // Two, since the order of destructors is not promised: one registered before the block, one
    // after.
    thread_local! {
        static BEFORE: CountsOnExit = const { CountsOnExit };
        static AFTER: CountsOnExit = const { CountsOnExit };
    }
    thread::spawn(|| {
        BEFORE.with(|_| ());
        COUNTER.add(1);
        AFTER.with(|_| ());
    })
    .join()
    .unwrap();
    assert_eq!(total(&LATE)[0].1, 3);
}

#[test]
fn values_computed_at_first_use_are_computed_once_a_series() {
    descriptor!(COMPUTED, "a", "b");
    static COUNTER: Counter = Counter::resolved(&COMPUTED, || vec![Some(Value::U64(7)), None]);
    COUNTER.add(1);
    COUNTER.add(1);
    assert_eq!(total(&COMPUTED), [(r#"[("a", U64(7))]"#.to_owned(), 2)]);
}

#[test]
fn a_combination_of_values_is_one_series() {
    descriptor!(COMBINED, "a", "b");
    static COUNTER: DimensionedCounter = DimensionedCounter::new(&COMBINED);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                for i in 0..100_u64 {
                    COUNTER.add(1, [Some(Value::Str("x")), Some(Value::U64(i % 3))]);
                    COUNTER.add(1, [Some(Value::Str("x")), None]);
                }
            });
        }
    });
    let mut series = total(&COMBINED);
    series.sort();
    let expected = [
        (r#"[("a", Str("x")), ("b", U64(0))]"#.to_owned(), 4 * 34),
        (r#"[("a", Str("x")), ("b", U64(1))]"#.to_owned(), 4 * 33),
        (r#"[("a", Str("x")), ("b", U64(2))]"#.to_owned(), 4 * 33),
        (r#"[("a", Str("x"))]"#.to_owned(), 4 * 100),
    ];
    assert_eq!(series, expected);
}

#[test]
fn values_of_different_types_are_different_series() {
    descriptor!(TYPES, "a");
    static COUNTER: DimensionedCounter = DimensionedCounter::new(&TYPES);
    for value in [
        Value::Str("1"),
        Value::I64(1),
        Value::U64(1),
        Value::F64(1.0),
        Value::Bool(true),
        Value::F64(f64::NAN),
        Value::F64(f64::NAN),
    ] {
        COUNTER.add(1, [Some(value)]);
    }
    assert_eq!(total(&TYPES).len(), 6);
}

#[test]
fn beyond_the_limit_all_share_one_series() {
    static LIMITED: Descriptor =
        Descriptor::new(Kind::Counter, "limited", module_path!(), file!(), line!())
            .with_dimension_keys(&["id"])
            .with_max_series(3);
    static COUNTER: DimensionedCounter = DimensionedCounter::new(&LIMITED);
    for id in 0..10 {
        COUNTER.add(1, [Some(Value::U64(id))]);
    }
    COUNTER.add(1, [Some(Value::U64(0))]);
    let mut series = total(&LIMITED);
    series.sort();
    assert_eq!(series.len(), 4);
    assert_eq!(series[0].0, r#"[("id", U64(0))]"#);
    assert_eq!(series[0].1, 2);
    assert_eq!(
        series[3],
        (r#"[("otel.metric.overflow", Bool(true))]"#.to_owned(), 7)
    );
}

#[test]
fn many_instruments_reach_beyond_the_first_chunks() {
    descriptor!(MANY, "id");
    static COUNTER: DimensionedCounter = DimensionedCounter::new(&MANY);
    for round in 0..3 {
        thread::spawn(move || {
            for id in 0..1_500 {
                COUNTER.add(round + 1, [Some(Value::U64(id))]);
            }
        })
        .join()
        .unwrap();
    }
    let series = total(&MANY);
    assert_eq!(series.len(), 1_500);
    assert!(series.iter().all(|(_, total)| *total == 6));
}
