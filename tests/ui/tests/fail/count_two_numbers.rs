fn main() {
    dt_metrics::count!("orders", 1, 2);
}
