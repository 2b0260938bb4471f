use dt_metrics::counted;

struct Orders;

impl Orders {
    const NAME: &str = "orders";

    #[counted(name = Self::NAME)]
    fn f() {}
}

fn main() {
    Orders::f();
}
