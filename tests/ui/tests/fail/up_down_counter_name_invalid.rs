fn main() {
    dt_metrics::up_down_counter!("_sessions", 1);
}
