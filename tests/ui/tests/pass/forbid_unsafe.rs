//! Expansions hold no unsafe code of the user's.
#![forbid(unsafe_code)]
#![deny(warnings)]

use dt_metrics::{DimensionValue, count, counted, gauge, in_flight, observed, record, timed, up_down_counter};

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

#[observed]
fn asked() -> u64 {
    1
}

fn main() {
    plain();
    guarded(Tier::Free);
    gauge!("b", 1);
    record!("c", 1);
    up_down_counter!("d", 1);
    asked();
    dimensions(1);
    count!("a");
}
