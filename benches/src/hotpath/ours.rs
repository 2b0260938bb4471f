//! Our annotations. The functions have no body and are kept out of line, like most functions
//! worth measuring: so no loop merges what calls do.

use std::hint::black_box;
use std::time::Duration;

use dt_metrics::private::{Descriptor, DimensionedCounter, Histogram, Kind, UpDownCounter, Value};
use dt_metrics::{DimensionValue, counted};

use super::names;
use crate::measure::Candidate;

/// Nanoseconds in a second, the unit of `#[timed]`.
const SECOND: f64 = 1e9;

#[counted(name = "bench.literals", dims(region = "eu", tier = "gold"))]
#[inline(never)]
fn literals() {}

// From here on, each body stands for the annotation above it, until that is there.

// #[derive(Clone, Copy, DimensionValue)]
#[derive(Clone, Copy)]
enum Region {
    Eu,
    #[expect(dead_code, reason = "to have a choice")]
    Us,
    #[expect(dead_code, reason = "to have a choice")]
    Asia,
}

// #[derive(Clone, Copy, DimensionValue)]
#[derive(Clone, Copy)]
enum Tier {
    #[expect(dead_code, reason = "to have a choice")]
    Free,
    Gold,
}

impl DimensionValue for Region {
    const FIXED: Option<&'static [Value<'static>]> = {
        static VALUES: [Value<'static>; 3] =
            [Value::Str("eu"), Value::Str("us"), Value::Str("asia")];
        Some(&VALUES)
    };
    #[inline]
    fn fixed_index(&self) -> usize {
        *self as usize
    }
    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        Self::FIXED.and_then(|values| values.get(*self as usize).copied())
    }
}

impl DimensionValue for Tier {
    const FIXED: Option<&'static [Value<'static>]> = {
        static VALUES: [Value<'static>; 2] = [Value::Str("free"), Value::Str("gold")];
        Some(&VALUES)
    };
    #[inline]
    fn fixed_index(&self) -> usize {
        *self as usize
    }
    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        Self::FIXED.and_then(|values| values.get(*self as usize).copied())
    }
}

const fn describe(kind: Kind, name: &'static str) -> Descriptor {
    Descriptor::new(kind, name, module_path!(), file!(), line!())
}

// #[counted(name = "bench.enums", dims(region = region, tier = tier))]
#[inline(never)]
fn enums(region: Region, tier: Tier) {
    static DESCRIPTOR: Descriptor =
        describe(Kind::Counter, "bench.enums").with_dimension_keys(&["region", "tier"]);
    static COUNTER: DimensionedCounter = DimensionedCounter::new(&DESCRIPTOR, &[None, None]);
    COUNTER.add(1, (&region, (&tier, ())));
}

// #[counted(name = "bench.one_value", dims(region = region))]
#[inline(never)]
fn one_value(region: &str) {
    static DESCRIPTOR: Descriptor =
        describe(Kind::Counter, "bench.one_value").with_dimension_keys(&["region"]);
    static COUNTER: DimensionedCounter = DimensionedCounter::new(&DESCRIPTOR, &[None]);
    COUNTER.add(1, (&region, ()));
}

// #[counted(name = "bench.two_values", dims(region = region, tier = tier))]
#[inline(never)]
fn two_values(region: &str, tier: &str) {
    static DESCRIPTOR: Descriptor =
        describe(Kind::Counter, "bench.two_values").with_dimension_keys(&["region", "tier"]);
    static COUNTER: DimensionedCounter = DimensionedCounter::new(&DESCRIPTOR, &[None, None]);
    COUNTER.add(1, (&region, (&tier, ())));
}

// #[in_flight(name = "bench.in_flight")]
#[inline(never)]
fn in_flight() {
    static DESCRIPTOR: Descriptor = describe(Kind::UpDownCounter, "bench.in_flight");
    static UP_DOWN: UpDownCounter = UpDownCounter::new(&DESCRIPTOR, &[]);
    let _guard = UP_DOWN.enter();
}

// #[timed(name = "bench.timed")]
#[inline(never)]
fn timed() {
    static DESCRIPTOR: Descriptor = describe(Kind::Histogram, "bench.timed").with_unit("s");
    static HISTOGRAM: Histogram = Histogram::new(&DESCRIPTOR, &[]);
    let _timer = HISTOGRAM.start(SECOND);
}

// End of what stands for annotations.

/// A name, and what makes so many calls.
pub(crate) type Loop = (&'static str, fn(u32));

/// What is measured, as loops that are calls and nothing else: values that the compiler must not
/// know are read before.
pub(crate) const LOOPS: [Loop; 6] = [
    (names::LITERALS, |calls| {
        for _ in 0..calls {
            literals();
        }
    }),
    (names::ENUMS, |calls| {
        let (region, tier) = black_box((Region::Eu, Tier::Gold));
        for _ in 0..calls {
            enums(region, tier);
        }
    }),
    (names::ONE_VALUE, |calls| {
        let region = black_box("eu");
        for _ in 0..calls {
            one_value(region);
        }
    }),
    (names::TWO_VALUES, |calls| {
        let (region, tier) = black_box(("eu", "gold"));
        for _ in 0..calls {
            two_values(region, tier);
        }
    }),
    (names::IN_FLIGHT, |calls| {
        for _ in 0..calls {
            in_flight();
        }
    }),
    (names::TIMED, repeat_timed),
];

fn repeat_timed(calls: u32) {
    for _ in 0..calls {
        timed();
    }
}

pub(super) fn candidates() -> Vec<Candidate> {
    let mut candidates: Vec<_> = LOOPS
        .into_iter()
        .map(|(name, calls)| Candidate::new(name, calls))
        .collect();
    candidates.push(Candidate::in_bursts(
        names::TIMED_BURSTS,
        4_000,
        Duration::from_millis(100),
        repeat_timed,
    ));
    candidates
}
