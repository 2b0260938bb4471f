use dt_metrics::counted;

#[counted(dims(tier = const { 'a' }))]
fn f() {}

fn main() {
    f();
}
