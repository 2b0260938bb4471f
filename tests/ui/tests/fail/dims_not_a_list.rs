use dt_metrics::counted;

#[counted(dims = "a")]
fn f() {}

fn main() {
    f();
}
