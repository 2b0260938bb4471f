fn main() {
    dt_metrics::count!("orders", "a".len() as i64 - 1);
}
