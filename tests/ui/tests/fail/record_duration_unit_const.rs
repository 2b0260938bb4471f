const UNIT: &str = "{order}";

fn main() {
    dt_metrics::record!("queue.wait", std::time::Duration::ZERO, unit = UNIT);
}
