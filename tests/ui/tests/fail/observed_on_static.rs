use dt_metrics::observed;

#[observed]
static SIZE: u64 = 1;

fn main() {}
