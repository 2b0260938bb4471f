use dt_metrics::counted;

#[counted(max_series = LIMIT)]
fn f() {}

fn main() {
    f();
}
