use dt_metrics::counted;

#[counted(name = "dt.orders")]
fn f() {}

fn main() {
    f();
}
