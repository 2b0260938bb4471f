use dt_metrics::measured;

#[measured]
const fn f() {}

fn main() {}
