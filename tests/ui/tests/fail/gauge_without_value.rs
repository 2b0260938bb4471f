fn main() {
    dt_metrics::gauge!("queue.depth");
}
