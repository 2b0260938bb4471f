use dt_metrics::timed;

#[timed(unit = "min")]
fn f() {}

fn main() {
    f();
}
