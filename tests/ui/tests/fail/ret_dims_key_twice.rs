use dt_metrics::counted;

#[counted(dims(a = 1), ret_dims(a = 2))]
fn f() {}

fn main() {}
