use dt_metrics::timed;

#[timed(boundaries = 0.1)]
fn f() {}

fn main() {
    f();
}
