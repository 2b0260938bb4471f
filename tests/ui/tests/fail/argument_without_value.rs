use dt_metrics::counted;

#[counted(name, unit = "1")]
fn f() {}

fn main() {
    f();
}
