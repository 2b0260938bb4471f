use dt_metrics::counted;

#[counted(name = concat!("a", "b"))]
fn f() {}

fn main() {
    f();
}
