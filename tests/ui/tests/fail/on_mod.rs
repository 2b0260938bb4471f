#![allow(unused, dead_code, missing_abi)]
use dt_metrics::counted;

#[counted]
mod orders {}

fn main() {}
