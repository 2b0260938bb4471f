use dt_metrics::counted;

#[counted(when = error)]
fn f() {}

fn main() {}
