fn main() {
    dt_metrics::record!("payload.size", 1, dims(tier = vec![1]));
}
