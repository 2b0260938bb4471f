#![allow(unused, dead_code, missing_abi)]
use dt_metrics::counted;

#[counted]
static ORDERS: u8 = 1;

fn main() {}
