use dt_metrics::counted;

#[counted(dims(tier = ()))]
fn f() {}

fn main() {
    f();
}
