fn main() {
    dt_metrics::gauge!("queue.wait", std::time::Duration::ZERO);
}
