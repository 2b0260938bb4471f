use dt_metrics::measured;

#[measured(by = 2)]
fn f() {}

fn main() {}
