use dt_metrics::in_flight;

#[in_flight]
struct Orders;

fn main() {
    let _ = Orders;
}
