use dt_metrics::recorded;

#[recorded(name = "size", value = 1, by = 2)]
fn f() {}

fn main() {}
