use dt_metrics::in_flight;

#[in_flight(outcome)]
fn f() {}

fn main() {}
