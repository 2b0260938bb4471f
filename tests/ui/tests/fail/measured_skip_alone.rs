use dt_metrics::measured;

#[measured(skip)]
fn f() {}

fn main() {}
