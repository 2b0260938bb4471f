use dt_metrics::counted;

#[counted(name = names::ORDERS)]
fn f() {}

fn main() {
    f();
}
