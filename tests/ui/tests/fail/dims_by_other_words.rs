use dt_metrics::{counted, in_flight, timed};

#[counted(labels(a = 1))]
#[timed(tags = ["a"])]
#[in_flight(attributes(a = 1))]
fn f() {}

fn main() {
    f();
    dt_metrics::count!("a", 1, dim("b" = 1));
}
