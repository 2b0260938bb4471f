use dt_metrics::timed;

#[timed(unit = units::SECONDS)]
fn f() {}

fn main() {
    f();
}
