fn main() {
    dt_metrics::count!("orders", "a".len());
}
