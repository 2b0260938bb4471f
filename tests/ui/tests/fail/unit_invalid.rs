use dt_metrics::counted;

#[counted(unit = "per cent")]
fn f() {}

fn main() {
    f();
}
