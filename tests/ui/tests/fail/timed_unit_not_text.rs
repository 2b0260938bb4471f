use dt_metrics::timed;

#[timed(unit = 1)]
fn f() {}

fn main() {
    f();
}
