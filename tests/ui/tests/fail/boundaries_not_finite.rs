use dt_metrics::timed;

#[timed(boundaries = [0.1, 1e999])]
fn f() {}

fn main() {
    f();
}
