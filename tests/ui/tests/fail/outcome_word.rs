use dt_metrics::counted;

#[counted(outcome = fallible)]
fn f() {}

fn main() {}
