use dt_metrics::in_flight;

#[in_flight(dims(tier = ()))]
async fn f() {}

fn main() {
    let _ = f();
}
