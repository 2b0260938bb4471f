use dt_metrics::counted;

#[counted(outcome = "ok")]
fn f() {}

fn main() {}
