use dt_metrics::counted;

#[counted(name = 5)]
fn f() {}

fn main() {
    f();
}
