use dt_metrics::timed;

#[timed(boundaries = [-1, 0.0, -0.0])]
fn f() {}

fn main() {
    f();
}
