use dt_metrics::timed;

#[timed(boundaries = [0.1, "a"])]
fn f() {}

fn main() {
    f();
}
