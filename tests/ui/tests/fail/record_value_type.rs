fn main() {
    dt_metrics::record!("payload.size", "many", dims(shard = 1));
}
