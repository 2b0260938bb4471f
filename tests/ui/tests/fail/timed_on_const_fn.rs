use dt_metrics::timed;

#[timed]
const fn f() {}

fn main() {
    f();
}
