fn main() {
    dt_metrics::up_down!("_sessions", 1);
}
