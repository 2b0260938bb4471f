fn main() {
    dt_metrics::gauge!("queue.depth", "many", dims(shard = 1));
}
