use dt_metrics::measured;

#[measured(unit = "minutes")]
fn f() {}

fn main() {}
