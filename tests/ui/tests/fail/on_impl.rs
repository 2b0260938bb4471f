use dt_metrics::counted;

struct Orders;

#[counted]
impl Orders {
    fn number(&self) -> u32 {
        1
    }
}

fn main() {
    Orders.number();
}
