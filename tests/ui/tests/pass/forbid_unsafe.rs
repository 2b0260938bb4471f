//! Expansions hold no unsafe code of the user's.
#![forbid(unsafe_code)]
#![deny(warnings)]

use dt_metrics::{count, counted};

#[counted]
fn plain() {}

#[counted(dims(a = n))]
fn dimensions(n: u64) -> u64 {
    n
}

fn main() {
    plain();
    dimensions(1);
    count!("a");
}
