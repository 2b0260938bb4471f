use dt_metrics::timed;

#[timed(by = 2)]
fn f() {}

fn main() {
    f();
}
