//! Expansions hold no unsafe code of the user's.
#![forbid(unsafe_code)]
#![deny(warnings)]

use dt_metrics::{DimensionValue, count, counted, gauge, in_flight, timed};

#[counted]
fn plain() {}

#[counted(dims(a = n))]
fn dimensions(n: u64) -> u64 {
    n
}

#[derive(DimensionValue)]
enum Tier {
    Free,
}

#[timed]
#[in_flight(dims(tier = tier))]
fn guarded(tier: Tier) {
    drop(tier);
}

fn main() {
    plain();
    guarded(Tier::Free);
    gauge!("b", 1);
    dimensions(1);
    count!("a");
}
