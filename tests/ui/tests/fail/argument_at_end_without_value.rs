use dt_metrics::counted;

#[counted(name =)]
fn f() {}

fn main() {
    f();
}
