use dt_metrics::timed;

const UNIT: &str = "hours";

#[timed(unit = UNIT, dims(a = a))]
fn f(a: u8) {
    let _ = a;
}

fn main() {
    f(1);
}
