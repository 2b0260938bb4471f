use dt_metrics::timed;

#[timed(name = "1 bad")]
fn f() {}

fn main() {
    f();
}
