fn main() {
    dt_metrics::gauge!("queue.depth", 1, dims(shard = [1]));
}
