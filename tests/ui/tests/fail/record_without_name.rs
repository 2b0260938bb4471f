fn main() {
    dt_metrics::record!();
}
