use dt_metrics::counted;

#[counted(cardinality_limit = 0)]
fn f() {}

fn main() {
    f();
}
