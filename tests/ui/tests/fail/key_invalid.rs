use dt_metrics::counted;

#[counted(dims("a b" = 1))]
fn f() {}

fn main() {
    f();
}
