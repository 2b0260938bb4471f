fn main() {
    let _timer = dt_metrics::timer!("db.query", unit = "min");
}
