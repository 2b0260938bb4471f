//! Our annotations. The functions have no body and are kept out of line, like most functions worth
//! measuring: so no loop merges the work of calls.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Duration;

use dt_metrics::instrument::Counter;
use dt_metrics::{DimensionValue, counted, in_flight, measured, timed, timer};

use super::names::{self, Loop};
use crate::measure::Candidate;

#[derive(Clone, Copy, DimensionValue)]
enum Region {
    Eu,
    #[expect(dead_code, reason = "to have a choice")]
    Us,
    #[expect(dead_code, reason = "to have a choice")]
    Asia,
}

#[derive(Clone, Copy, DimensionValue)]
enum Tier {
    #[expect(dead_code, reason = "to have a choice")]
    Free,
    Gold,
}

#[counted(name = "bench.literals", dims(region = "eu", tier = "gold"))]
#[inline(never)]
fn literals() {}

/// Built once: building a handle allocates, and a program keeps it.
static COUNTER: LazyLock<Option<Counter>> = LazyLock::new(|| {
    // A name that is hidden from the compiler.
    let builder = Counter::builder(black_box("bench.handle"));
    let builder = builder.dimension("region", "eu").dimension("tier", "gold");
    builder.build().ok()
});

#[inline(never)]
fn handle(counter: &Counter) {
    counter.add(1);
}

#[counted(name = "bench.enums", dims(region = region, tier = tier))]
#[inline(never)]
fn enums(region: Region, tier: Tier) {}

#[counted(name = "bench.one_value", dims(region = region))]
#[inline(never)]
fn one_value(region: &str) {}

#[counted(name = "bench.two_values", dims(region = region, tier = tier))]
#[inline(never)]
fn two_values(region: &str, tier: &str) {}

#[in_flight(name = "bench.in_flight")]
#[inline(never)]
fn in_flight_only() {}

#[timed(name = "bench.timed")]
#[inline(never)]
fn timed_only() {}

#[inline(never)]
fn timer_only() {
    let _timer = timer!("bench.timer");
}

#[counted(name = "bench.outcome", outcome)]
#[inline(never)]
#[expect(clippy::unnecessary_wraps, reason = "the outcome is measured")]
fn outcome(input: u64) -> Result<u64, String> {
    Ok(input)
}

#[measured(name = "bench.measured")]
#[inline(never)]
#[expect(clippy::unnecessary_wraps, reason = "the outcome is measured")]
fn measured_result(input: u64) -> Result<u64, String> {
    Ok(input)
}

/// The measured calls, as loops without other work: values that the compiler must not see are read
/// before.
pub(crate) const LOOPS: [Loop; 8] = [
    (names::LITERALS, |calls| {
        for _ in 0..calls {
            literals();
        }
    }),
    (names::HANDLE, |calls| {
        let Some(counter) = &*COUNTER else { return };
        for _ in 0..calls {
            handle(counter);
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
            in_flight_only();
        }
    }),
    (names::TIMED, repeat_timed),
    (names::TIMER, |calls| {
        for _ in 0..calls {
            timer_only();
        }
    }),
];

/// Functions that return a `Result`: their cost includes the inspection of the value, which cannot
/// be measured separately.
pub(crate) const RESULTS: [Loop; 2] = [
    (names::OUTCOME, |calls| {
        let input = black_box(7);
        for _ in 0..calls {
            let _ = black_box(outcome(input));
        }
    }),
    (names::MEASURED, |calls| {
        let input = black_box(7);
        for _ in 0..calls {
            let _ = black_box(measured_result(input));
        }
    }),
];

fn repeat_timed(calls: u32) {
    for _ in 0..calls {
        timed_only();
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
