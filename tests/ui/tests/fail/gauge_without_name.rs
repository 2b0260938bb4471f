fn main() {
    dt_metrics::gauge!();
}
