use dt_metrics::counted;

#[counted(outcome, dims(outcome = 1))]
fn f() {}

fn main() {}
