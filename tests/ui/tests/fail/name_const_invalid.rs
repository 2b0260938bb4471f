use dt_metrics::counted;

mod names {
    pub const ORDERS: &str = "order$";
}

#[counted(name = names::ORDERS)]
fn f() {}

fn main() {
    f();
}
