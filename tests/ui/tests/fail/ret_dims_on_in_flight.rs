use dt_metrics::in_flight;

#[in_flight(ret_dims(a = 1))]
fn f() {}

fn main() {}
