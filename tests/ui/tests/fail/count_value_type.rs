fn main() {
    dt_metrics::count!("orders", dims(tier = vec![1]));
}
