//! What nothing can do without: one atomic add, two reads of a clock.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::{Loop, names};
use crate::measure::Candidate;

static SHARED: AtomicU64 = AtomicU64::new(0);
static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

#[inline(never)]
fn fetch_add() {
    SHARED.fetch_add(1, Ordering::Relaxed);
}

#[inline(never)]
fn two_instants() {
    let start = Instant::now();
    black_box(start.elapsed());
}

#[inline(never)]
fn two_raw_reads(clock: &quanta::Clock) {
    let start = clock.raw();
    black_box(clock.raw().wrapping_sub(start));
}

/// What is measured, as loops that are calls and nothing else.
pub(crate) const LOOPS: [Loop; 3] = [
    (names::FETCH_ADD, |calls| {
        for _ in 0..calls {
            fetch_add();
        }
    }),
    (names::TWO_INSTANTS, |calls| {
        for _ in 0..calls {
            two_instants();
        }
    }),
    (names::TWO_RAW_READS, |calls| {
        let clock: &quanta::Clock = &CLOCK;
        for _ in 0..calls {
            two_raw_reads(clock);
        }
    }),
];

pub(super) fn candidates() -> Vec<Candidate> {
    LOOPS
        .into_iter()
        .map(|(name, calls)| Candidate::new(name, calls))
        .collect()
}
