fn main() {
    dt_metrics::count!("1 bad");
}
