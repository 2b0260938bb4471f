use dt_metrics::counted;

#[counted(ret_dims("A b" = 2))]
fn f() {}

fn main() {}
