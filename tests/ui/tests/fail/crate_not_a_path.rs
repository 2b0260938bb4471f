use dt_metrics::counted;

#[counted(crate = "dt_metrics")]
fn f() {}

fn main() {
    f();
}
