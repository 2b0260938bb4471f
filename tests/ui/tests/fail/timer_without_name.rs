fn main() {
    let _timer = dt_metrics::timer!(dims(table = "orders"));
}
