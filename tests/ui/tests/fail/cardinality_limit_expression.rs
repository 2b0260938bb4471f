use dt_metrics::counted;

#[counted(cardinality_limit = LIMIT)]
fn f() {}

fn main() {
    f();
}
