use dt_metrics::counted;

#[counted(dims(tier = tier))]
fn f() {}

fn main() {
    f();
}
