use dt_metrics::counted;

#[counted(name = "a", unit = "1", name = "b")]
fn f() {}

fn main() {
    f();
}
