use dt_metrics::timed;

const UNIT: u8 = 1;

#[timed(unit = UNIT)]
fn f() {}

fn main() {
    f();
}
