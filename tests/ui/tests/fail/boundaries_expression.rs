use dt_metrics::timed;

#[timed(boundaries = [0.1, 0.1 * 2.0])]
fn f() {}

fn main() {
    f();
}
