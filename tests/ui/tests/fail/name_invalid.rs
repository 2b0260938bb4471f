use dt_metrics::counted;

#[counted(name = "1 bad")]
fn f() {}

fn main() {
    f();
}
