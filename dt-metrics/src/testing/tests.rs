//! Captures of a thread.

mod all;
mod futures;
mod threads;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Captured, capture, capture_with};
use crate::descriptor::{Descriptor, Kind};
use crate::private::{
    Counter, DimensionedCounter, DimensionedGauge, DimensionedHistogram, DimensionedUpDownCounter,
    Gauge, Histogram, UpDownCounter, Value,
};

macro_rules! instrument {
    ($static:ident: $type:ident, $kind:ident, $name:literal, [$($key:literal),*], $values:expr) => {
        static $static: $type = {
            let descriptor =
                Descriptor::new(Kind::$kind, $name, module_path!(), file!(), line!())
                    .with_dimension_keys(&[$($key),*])
                    .with_cardinality_limit(4);
            $type::new(descriptor, $values)
        };
    };
}

use instrument;

#[test]
fn all_kinds_are_seen_with_their_dimensions() {
    instrument!(C: Counter, Counter, "kinds.c", ["region"], &[Value::Str("eu")]);
    instrument!(DC: DimensionedCounter, Counter, "Kinds.C", ["region", "code"], &[None, None]);
    instrument!(U: UpDownCounter, UpDownCounter, "kinds.u", [], &[]);
    instrument!(DU: DimensionedUpDownCounter, UpDownCounter, "kinds.u", ["a"], &[None]);
    instrument!(H: Histogram, Histogram, "kinds.h", [], &[]);
    instrument!(DH: DimensionedHistogram, Histogram, "kinds.h", ["a"], &[None]);
    instrument!(G: Gauge, Gauge, "kinds.g", [], &[]);
    instrument!(DG: DimensionedGauge, Gauge, "kinds.g", ["a"], &[None]);
    C.add(100);
    H.record(100.0);
    let seen = capture(|| {
        C.add(2);
        DC.add(3, (&"eu", (&200_u16, ())));
        DC.add(4, (&"us", (&None::<u16>, ())));
        U.add(-5);
        DU.add(-6, (&true, ()));
        H.record(1.0);
        DH.record(3.0, (&"x", ()));
        H.record(2.0);
        H.record(f64::NAN);
        drop(H.start(1.0));
        drop(DH.start(1.0, (&"timed", ())));
        G.set(1.0);
        DG.set(2.0, (&0.5, ()));
        G.set(3.0);
        G.set(f64::INFINITY);
    });
    C.add(100);
    H.record(100.0);

    let counter = |key, value| seen.counter("KINDS.c").with(key, value).value();
    assert_eq!(seen.counter("kinds.c").value(), 9);
    assert_eq!((counter("region", "eu"), counter("Region", "us")), (5, 4));
    assert_eq!(counter("code", "200"), 3);
    let of_code = |code: Option<i64>| seen.counter("kinds.c").with("code", code).value();
    assert_eq!((of_code(Some(200)), of_code(None)), (3, 6));
    let both = seen
        .counter("kinds.c")
        .with("region", "eu")
        .with("code", 200);
    assert_eq!(both.value(), 3);
    assert_eq!(seen.up_down_counter("kinds.u").value(), -11);
    assert_eq!(seen.up_down_counter("kinds.u").with("a", true).value(), -6);
    let histogram = seen.histogram("kinds.h");
    assert_eq!(histogram.values()[..3], [1.0, 3.0, 2.0]);
    assert_eq!(histogram.count(), 5);
    assert_eq!(
        histogram.clone().with("a", "x").sum().to_bits(),
        3.0_f64.to_bits()
    );
    assert_eq!(histogram.clone().with("a", "timed").count(), 1);
    assert_eq!(histogram.with("a", None::<&str>).min(), {
        let timed = seen.histogram("kinds.h").with("a", None::<&str>).values()[2];
        Some(timed.min(1.0))
    });
    assert_eq!(seen.gauge("kinds.g").value(), Some(3.0));
    assert_eq!(seen.gauge("kinds.g").with("a", 0.5).value(), Some(2.0));
    assert_eq!(seen.gauge("kinds.g").values(), [1.0, 2.0, 3.0]);
}

#[test]
fn absent_measurements_are_empty() {
    instrument!(OTHER: Counter, Counter, "nothing.other", [], &[]);
    instrument!(C: Counter, Counter, "nothing.c", [], &[]);
    instrument!(U: UpDownCounter, UpDownCounter, "nothing.u", [], &[]);
    instrument!(H: Histogram, Histogram, "nothing.h", [], &[]);
    instrument!(G: Gauge, Gauge, "nothing.g", [], &[]);
    let before = capture(|| {
        C.add(1);
        U.add(1);
        H.record(1.0);
        G.set(1.0);
    });
    assert!(!before.is_empty());
    let seen = capture(|| ());
    assert!(seen.is_empty());
    assert_eq!(format!("{seen:?}"), "Captured []");
    let seen = capture(|| OTHER.add(1));
    assert!(!seen.is_empty());
    assert_eq!(seen.up_down_counter("nothing.u").value(), 0);
    assert_eq!(seen.counter("nothing.c").value(), 0);
    let histogram = seen.histogram("nothing.h");
    assert_eq!((histogram.count(), histogram.sum().to_bits()), (0, 0));
    assert_eq!((histogram.min(), histogram.max()), (None, None));
    assert_eq!(seen.gauge("nothing.g").value(), None);
}

#[test]
#[should_panic(
    expected = "no instrument of this program is called `nothing.mispelt`: did you mean \
                           the counter `nothing.misspelt`?"
)]
fn a_misspelt_name_panics() {
    instrument!(A: Counter, Counter, "nothing.misspelt", [], &[]);
    let seen = capture(|| A.add(1));
    let _ = seen.counter("nothing.mispelt");
}

#[test]
#[should_panic(
    expected = "`nothing.kind` has the kind `counter`, not `histogram`: write \
                           `.counter(\"nothing.kind\")`"
)]
fn another_kind_panics() {
    instrument!(A: Counter, Counter, "nothing.kind", [], &[]);
    let seen = capture(|| A.add(1));
    let _ = seen.histogram("nothing.kind");
}

#[test]
fn captured_values_can_be_read() {
    instrument!(A: DimensionedCounter, Counter, "read.a", ["x", "y"], &[None, None]);
    instrument!(B: Histogram, Histogram, "read.b", [], &[]);
    instrument!(C: UpDownCounter, UpDownCounter, "read.c", [], &[]);
    instrument!(D: Gauge, Gauge, "read.d", [], &[]);
    let seen = capture(|| {
        A.add(3, (&"quo\"te", (&7, ())));
        B.record(1.5);
        B.record(0.5);
        C.add(-2);
        D.set(4.25);
    });
    assert_eq!(
        format!("{seen:#?}"),
        r#"Captured [
    counter read.a{x="quo\"te", y="7"} = 3,
    histogram read.b{} = count 2, sum 2, min 0.5, max 1.5,
    up-down counter read.c{} = -2,
    gauge read.d{} = 4.25,
]"#
    );
    assert_eq!(
        format!("{:?}", seen.gauge("read.d")),
        "[gauge read.d{} = 4.25]"
    );
}

#[test]
fn captures_nest() {
    instrument!(C: Counter, Counter, "nested", [], &[]);
    let value = |seen: &Captured| seen.counter("nested").value();
    let (outer, (first, second)) = capture_with(|| {
        C.add(1);
        let first = capture(|| C.add(2));
        C.add(4);
        let second = capture(|| {
            C.add(8);
            assert_eq!(value(&capture(|| C.add(16))), 16);
        });
        C.add(32);
        (first, second)
    });
    C.add(64);
    assert_eq!((value(&first), value(&second), value(&outer)), (2, 24, 63));
}

#[test]
fn a_panic_ends_the_capture_and_goes_on() {
    instrument!(C: Counter, Counter, "panics", [], &[]);
    let outer = capture(|| {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            capture(|| {
                C.add(1);
                std::panic::resume_unwind(Box::new("told"));
            })
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"told"));
        C.add(2);
    });
    C.add(4);
    assert_eq!(outer.counter("panics").value(), 3);
    assert_eq!(capture(|| C.add(8)).counter("panics").value(), 8);
}

#[test]
fn combinations_beyond_the_limit_are_distinguished() {
    instrument!(C: DimensionedCounter, Counter, "beyond.c", ["id"], &[None]);
    instrument!(U: DimensionedUpDownCounter, UpDownCounter, "beyond.u", ["id"], &[None]);
    instrument!(H: DimensionedHistogram, Histogram, "beyond.h", ["id"], &[None]);
    for id in 0..10 {
        C.add(1, (&id, ()));
    }
    let seen = capture(|| {
        for id in 0..10 {
            C.add(1, (&id, ()));
            C.add(1, (&id, ()));
            drop(U.enter((&id, ())));
            U.add(id, (&id, ()));
            drop(H.start(1.0, (&id, ())));
        }
    });
    for id in 0..10 {
        assert_eq!(seen.counter("beyond.c").with("id", id).value(), 2);
        assert_eq!(seen.up_down_counter("beyond.u").with("id", id).value(), id);
        assert_eq!(seen.histogram("beyond.h").with("id", id).count(), 1);
    }
}
