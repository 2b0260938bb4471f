use dt_metrics::counted;

#[counted(dims(tier = const { () }))]
fn f() {}

fn main() {
    f();
}
