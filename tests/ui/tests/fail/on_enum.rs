#![allow(unused, dead_code, missing_abi)]
use dt_metrics::counted;

#[counted]
enum Orders {}

fn main() {}
