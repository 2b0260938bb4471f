use dt_metrics::counted;

#[counted(by = bytes. , name = "a")]
fn f() {}

fn main() {
    f();
}
