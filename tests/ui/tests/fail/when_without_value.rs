use dt_metrics::counted;

#[counted(when)]
fn f() {}

fn main() {}
