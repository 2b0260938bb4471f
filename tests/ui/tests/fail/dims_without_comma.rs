use dt_metrics::counted;

#[counted(dims(a = 1 b = 2), name = "a")]
fn f() {}

fn main() {
    f();
}
