use dt_metrics::counted;

#[counted(name = "a" unit = "1")]
fn f() {}

fn main() {
    f();
}
