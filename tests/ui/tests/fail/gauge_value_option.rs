fn main() {
    let depth = Some(1);
    dt_metrics::gauge!("queue.depth", depth);
}
