use dt_metrics::counted;

#[counted(outcome = result)]
fn f() {}

fn main() {}
