fn main() {
    dt_metrics::count!("orders", -1);
    dt_metrics::count!("orders", 0.5);
}
