fn main() {
    dt_metrics::count!("orders", name = "b", dims(a = 1));
}
