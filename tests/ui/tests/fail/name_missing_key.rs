use dt_metrics::counted;

#[counted("orders")]
fn f() {}

fn main() {
    f();
}
