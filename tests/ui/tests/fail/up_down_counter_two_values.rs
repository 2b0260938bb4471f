fn main() {
    dt_metrics::up_down_counter!("sessions", 1, -1);
}
