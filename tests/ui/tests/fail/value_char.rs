use dt_metrics::counted;

#[counted(dims(tier = 'a'))]
fn f() {}

fn main() {
    f();
}
