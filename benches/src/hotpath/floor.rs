//! What nothing can do without: one atomic add, two reads of a clock.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::names;
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

pub(super) fn candidates() -> Vec<Candidate> {
    let clock: &'static quanta::Clock = &CLOCK;
    vec![
        Candidate::new(names::FETCH_ADD, |calls| {
            for _ in 0..calls {
                fetch_add();
            }
        }),
        Candidate::new(names::TWO_INSTANTS, |calls| {
            for _ in 0..calls {
                two_instants();
            }
        }),
        Candidate::new(names::TWO_RAW_READS, move |calls| {
            for _ in 0..calls {
                two_raw_reads(clock);
            }
        }),
    ]
}
