fn main() {
    dt_metrics::count!();
}
