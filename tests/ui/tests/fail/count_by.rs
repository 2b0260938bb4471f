fn main() {
    let n = 3;
    dt_metrics::count!("a", by = 3);
    dt_metrics::count!("b", dims(c = 1), by = n);
    dt_metrics::count!("d", by = n + 1);
}
