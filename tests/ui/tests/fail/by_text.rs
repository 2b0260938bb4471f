use dt_metrics::counted;

#[counted(by = "1")]
fn f() {}

fn main() {
    f();
}
