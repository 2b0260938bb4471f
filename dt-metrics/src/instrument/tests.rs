//! Instruments as macros use them, down to the cells.

use std::sync::Barrier;
use std::thread;

use super::cells::store::SLOTS;
use super::dimension::value::{DimensionValue, Value};
use super::kinds::counter::{Counter, DimensionedCounter, InFlight, UpDownCounter};
use crate::descriptor::{Descriptor, Kind};

/// The totals of the series of `descriptor`, without a change to the values that the drain
/// remembers.
fn total(descriptor: &'static Descriptor) -> Vec<(String, u64)> {
    let slots = SLOTS.lock();
    slots
        .entries()
        .filter(|(_, entry)| core::ptr::eq(entry.series.descriptor, descriptor))
        .map(|(slot, entry)| {
            (
                format!("{:?}", entry.series.dimensions()),
                slots.total(slot),
            )
        })
        .collect()
}

macro_rules! descriptor {
    ($name:literal $(, $key:literal)*) => {
        Descriptor::new(Kind::Counter, $name, module_path!(), file!(), line!())
            .with_dimension_keys(&[$($key),*])
    };
}

#[test]
fn a_counter_counts_on_every_thread() {
    static COUNTER: Counter = Counter::new(descriptor!("threads", "region"), &[Value::Str("eu")]);
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
        total(COUNTER.descriptor()),
        [(r#"[("region", Str("eu"))]"#.to_owned(), 8_005)]
    );
}

#[test]
fn a_thread_that_counts_while_its_storage_goes_is_counted() {
    static COUNTER: Counter = Counter::new(descriptor!("late"), &[]);
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
    assert_eq!(total(COUNTER.descriptor())[0].1, 3);
}

#[test]
fn values_computed_at_first_use_are_computed_once_a_series() {
    static COUNTER: Counter = Counter::resolved(descriptor!("computed", "a", "b"), || {
        vec![Some(Value::U64(7)), None]
    });
    COUNTER.add(1);
    COUNTER.add(1);
    assert_eq!(
        total(COUNTER.descriptor()),
        [(r#"[("a", U64(7))]"#.to_owned(), 2)]
    );
}

#[test]
fn a_combination_of_values_is_one_series() {
    static COUNTER: DimensionedCounter =
        DimensionedCounter::new(descriptor!("combined", "a", "b"), &[None, None]);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                for i in 0..100_u64 {
                    COUNTER.add(1, (&"x", (&(i % 3), ())));
                    COUNTER.add(1, (&String::from("x"), (&None::<bool>, ())));
                }
            });
        }
    });
    let mut series = total(COUNTER.descriptor());
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
    static COUNTER: DimensionedCounter =
        DimensionedCounter::new(descriptor!("types", "a"), &[None]);
    COUNTER.add(1, (&"1", ()));
    COUNTER.add(1, (&1_i8, ()));
    COUNTER.add(1, (&1_i64, ()));
    COUNTER.add(1, (&1_u8, ()));
    COUNTER.add(1, (&1.0_f32, ()));
    COUNTER.add(1, (&Some(true), ()));
    COUNTER.add(1, (&f64::NAN, ()));
    COUNTER.add(1, (&f64::NAN, ()));
    assert_eq!(total(COUNTER.descriptor()).len(), 6);
}

#[test]
fn beyond_the_limit_all_share_one_series() {
    static COUNTER: DimensionedCounter = DimensionedCounter::new(
        descriptor!("limited", "id").with_cardinality_limit(3),
        &[None],
    );
    for id in 0..10_u64 {
        COUNTER.add(1, (&id, ()));
    }
    COUNTER.add(1, (&0_u64, ()));
    let mut series = total(COUNTER.descriptor());
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
    static COUNTER: DimensionedCounter =
        DimensionedCounter::new(descriptor!("many", "id"), &[None]);
    for round in 0..3 {
        thread::spawn(move || {
            for id in 0..1_500_u64 {
                COUNTER.add(round + 1, (&id, ()));
            }
        })
        .join()
        .unwrap();
    }
    let series = total(COUNTER.descriptor());
    assert_eq!(series.len(), 1_500);
    assert!(series.iter().all(|(_, total)| *total == 6));
}

#[derive(Clone, Copy)]
enum Tier {
    Free,
    Gold,
}

impl DimensionValue for Tier {
    const FIXED: Option<&'static [Value<'static>]> = {
        static VALUES: [Value<'static>; 2] = [Value::Str("free"), Value::Str("gold")];
        Some(&VALUES)
    };

    fn fixed_index(&self) -> usize {
        *self as usize
    }

    fn dimension_value(&self) -> Option<Value<'_>> {
        Self::FIXED.map(|values| values[self.fixed_index()])
    }
}

#[test]
fn types_with_few_values_have_slots_in_a_row() {
    static COUNTER: DimensionedCounter = DimensionedCounter::new(
        descriptor!("range", "tier", "region", "paid"),
        &[None, Some(Value::Str("eu")), None],
    );
    for (tier, paid, n) in [
        (Tier::Free, false, 1),
        (Tier::Free, true, 10),
        (Tier::Gold, false, 100),
        (Tier::Gold, true, 1_000),
    ] {
        COUNTER.add(n, (&tier, (&paid, ())));
    }
    let series = |tier, paid, n| {
        (
            format!(r#"[("tier", Str("{tier}")), ("region", Str("eu")), ("paid", Bool({paid}))]"#),
            n,
        )
    };
    assert_eq!(
        total(COUNTER.descriptor()),
        [
            series("free", false, 1),
            series("free", true, 10),
            series("gold", false, 100),
            series("gold", true, 1_000),
        ]
    );
}

#[test]
fn a_static_shared_by_instances_of_a_generic_function_keeps_their_types_apart() {
    static COUNTER: DimensionedCounter =
        DimensionedCounter::new(descriptor!("shared", "value"), &[None]);
    fn count<T: DimensionValue>(value: T) {
        COUNTER.add(1, (&value, ()));
    }
    for _ in 0..3 {
        count(Tier::Gold);
        count(true);
        count("gold");
        count(false);
    }
    let mut series = total(COUNTER.descriptor());
    series.retain(|(_, total)| *total > 0);
    series.sort();
    let expected = [
        (r#"[("value", Bool(false))]"#.to_owned(), 3),
        (r#"[("value", Bool(true))]"#.to_owned(), 3),
        (r#"[("value", Str("gold"))]"#.to_owned(), 3),
        (r#"[("value", Str("gold"))]"#.to_owned(), 3),
    ];
    assert_eq!(series, expected);
}

#[test]
fn later_types_of_a_shared_static_have_a_series_for_each_combination() {
    static COUNTER: DimensionedCounter = DimensionedCounter::new(
        descriptor!("shared.pairs", "first", "second"),
        &[None, None],
    );
    fn count<A: DimensionValue, B: DimensionValue>(n: u64, first: &A, second: &B) {
        COUNTER.add(n, (first, (second, ())));
    }
    fn count_all() {
        for (tier, paid, n) in [
            (Tier::Free, false, 1),
            (Tier::Free, true, 10),
            (Tier::Gold, false, 100),
            (Tier::Gold, true, 1_000),
        ] {
            count(n, &tier, &paid);
            count(2 * n, &paid, &tier);
        }
    }
    count_all();
    thread::spawn(count_all).join().unwrap();
    let mut series = total(COUNTER.descriptor());
    series.sort();
    let mut expected = Vec::new();
    for (tier, paid, n) in [
        ("free", false, 1),
        ("free", true, 10),
        ("gold", false, 100),
        ("gold", true, 1_000),
    ] {
        let (tier, paid) = (format!("Str(\"{tier}\")"), format!("Bool({paid})"));
        for (first, second, n) in [(&tier, &paid, n), (&paid, &tier, 2 * n)] {
            let values = format!(r#"[("first", {first}), ("second", {second})]"#);
            expected.push((values, 2 * n));
        }
    }
    expected.sort();
    assert_eq!(series, expected);
}

#[test]
fn calls_in_flight_end_on_any_thread() {
    static COUNTER: UpDownCounter = UpDownCounter::new(descriptor!("going.on"), &[]);
    assert_eq!(COUNTER.descriptor().kind, Kind::UpDownCounter);
    let guards: Vec<InFlight> = (0..3).map(|_| COUNTER.enter()).collect();
    assert_eq!(total(COUNTER.descriptor())[0].1, 3);
    thread::spawn(move || drop(guards)).join().unwrap();
    assert_eq!(total(COUNTER.descriptor())[0].1, 0);
}
