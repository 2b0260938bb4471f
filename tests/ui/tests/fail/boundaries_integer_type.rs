use dt_metrics::timed;

#[timed(boundaries = [1u8])]
fn f() {}

fn main() {
    f();
}
