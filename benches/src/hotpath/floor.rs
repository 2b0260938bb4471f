//! The unavoidable minimum: one atomic add, two reads of a clock.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::names::{self, Loop};
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

/// The measured calls, as loops without other work.
pub(crate) const UNCALIBRATED: [Loop; 2] = [
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
];

/// On its first call the clock is compared with the system's for a while, which is never twice
/// the same number of instructions.
const CALIBRATED: Loop = (names::TWO_RAW_READS, |calls| {
    let clock: &quanta::Clock = &CLOCK;
    for _ in 0..calls {
        two_raw_reads(clock);
    }
});

pub(super) fn candidates() -> Vec<Candidate> {
    UNCALIBRATED
        .into_iter()
        .chain([CALIBRATED])
        .map(|(name, calls)| Candidate::new(name, calls))
        .collect()
}
