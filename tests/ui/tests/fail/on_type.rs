#![allow(unused, dead_code, missing_abi)]
use dt_metrics::counted;

#[counted]
type Orders = u8;

fn main() {}
