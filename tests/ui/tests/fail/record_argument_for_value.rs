fn main() {
    dt_metrics::record!("payload.size", unit = "By");
}
