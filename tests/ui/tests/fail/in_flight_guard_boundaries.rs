fn main() {
    let _busy = dt_metrics::in_flight_guard!("workers.busy", boundaries = [1]);
}
