fn main() {
    dt_metrics::gauge!("queue.depth", dims(shard = 1));
}
