use dt_metrics::counted;

#[counted(unit = 1)]
fn f() {}

fn main() {
    f();
}
