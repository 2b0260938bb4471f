#![allow(unused, dead_code, missing_abi)]
use dt_metrics::counted;

#[counted]
union Orders { a: u8 }

fn main() {}
