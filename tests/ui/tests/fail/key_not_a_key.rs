use dt_metrics::counted;

#[counted(dims(5 = "gold"))]
fn f() {}

fn main() {
    f();
}
