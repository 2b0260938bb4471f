use dt_metrics::counted;

#[counted(max_series = 0)]
fn f() {}

fn main() {
    f();
}
